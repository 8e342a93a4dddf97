"""One control for each kind of setting: it shows a value, and tells when the user changed it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from viewer.settings import Declaration

SLIDER_STEPS = 100
NO_SUCH_FOLDER = "There is no such folder."


class SettingControl(QWidget):
    """A value that can be shown and changed.

    Attributes:
        focus: The part that takes the keyboard: its label is its buddy.

    Signals:
        chosen: The new value.
    """

    chosen = Signal(object)
    focus: QWidget

    def show_value(self, value: Any) -> None:
        """Show a value without telling that it changed."""
        blocker = QSignalBlocker(self.focus)
        self._show(value)
        del blocker

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _lay_out(self, *widgets: QWidget) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for widget in widgets:
            row.addWidget(widget, 1 if widget is self.focus else 0)
        self.setFocusProxy(self.focus)
        self.focus.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        self.focus.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the page: scrolling past a control must not change it."""
        if event.type() == QEvent.Type.Wheel and not self.focus.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class YesOrNo(SettingControl):
    """A check box."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self.focus = self.box = QCheckBox("On")
        self.box.setAccessibleName(declaration.title)
        self.box.toggled.connect(self.chosen.emit)
        self._lay_out(self.box)

    def _show(self, value: bool) -> None:
        self.box.setChecked(value)


class Choice(SettingControl):
    """A menu.

    Args:
        declaration: Of the setting.
        titles: Value -> what the menu calls it.
    """

    def __init__(self, declaration: Declaration, titles: Mapping[str, str]) -> None:
        super().__init__()
        self.focus = self.menu = QComboBox()
        self.menu.setAccessibleName(declaration.title)
        self.menu.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for value, title in titles.items():
            self.menu.addItem(title, value)
        self.menu.currentIndexChanged.connect(lambda _: self.chosen.emit(self.menu.currentData()))
        self._lay_out(self.menu)

    def _show(self, value: str) -> None:
        self.menu.setCurrentIndex(self.menu.findData(value))  # none, where it is not offered


class Share(SettingControl):
    """A slider from the lowest to the highest allowed number."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self._lowest = declaration.minimum
        self._span = declaration.maximum - declaration.minimum
        self.focus = self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setPageStep(SLIDER_STEPS // 10)
        self.slider.setAccessibleName(declaration.title)
        self.slider.valueChanged.connect(self._move)
        self.slider.sliderReleased.connect(self._tell)  # not while dragged: each is stored
        self.figure = QLabel()
        self.figure.setMinimumWidth(40)
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out(self.slider, self.figure)

    def _value(self) -> float:
        return round(self._lowest + self._span * self.slider.value() / SLIDER_STEPS, 6)

    def _move(self) -> None:
        self.figure.setText(f"{self._value():.2f}")
        if not self.slider.isSliderDown():
            self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self._value())

    def _show(self, value: float) -> None:
        self.slider.setValue(round((value - self._lowest) / self._span * SLIDER_STEPS))
        self.figure.setText(f"{value:.2f}")


class Words(SettingControl):
    """A short text."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self.focus = self.line = QLineEdit()
        self.line.setAccessibleName(declaration.title)
        self.line.editingFinished.connect(lambda: self.chosen.emit(self.line.text().strip()))
        self._lay_out(self.line)

    def _show(self, value: str) -> None:
        self.line.setText(value)


class Folder(SettingControl):
    """A folder, typed or chosen; empty for the standard one. One that is missing is not taken."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self.focus = self.line = QLineEdit()
        self.line.setPlaceholderText("Standard folder")
        self.line.setAccessibleName(declaration.title)
        self.line.editingFinished.connect(self._tell)
        self.fault = QLabel()
        self.fault.setObjectName("muted")
        self.fault.hide()
        self.button = QPushButton("Choose…")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"{declaration.title}: choose")
        self.button.clicked.connect(self._ask)
        self._lay_out(self.line, self.fault, self.button)

    def _ask(self) -> None:
        dialog = QFileDialog(self, "Choose a folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    def _take(self, folder: str) -> None:
        self.line.setText(folder)
        self._tell()

    def _tell(self) -> None:
        folder = self.line.text().strip()
        usable = not folder or Path(folder).is_dir()
        self._complain("" if usable else NO_SUCH_FOLDER)
        if usable:
            self.chosen.emit(folder)

    def _complain(self, fault: str) -> None:
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))

    def _show(self, value: str) -> None:
        self.line.setText(value)
        self._complain("")


class Remembered(SettingControl):
    """Folders that are remembered: how many, and a button that forgets them."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__()
        self.focus = self.button = QPushButton("Forget all")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"{declaration.title}: forget all")
        self.button.clicked.connect(lambda: self.chosen.emit(()))
        self.figure = QLabel()
        self._lay_out(self.figure, self.button)
        self.layout().setStretchFactor(self.button, 0)
        self.layout().addStretch(1)

    def _show(self, value: tuple[str, ...]) -> None:
        self.figure.setText(f"{len(value)} remembered" if value else "None remembered")
        self.button.setEnabled(bool(value))


def control_of(
    declaration: Declaration, default: object, titles: Mapping[str, str]
) -> SettingControl:
    """The control for a setting, by the type of its default.

    Args:
        declaration: Of the setting.
        default: Its default.
        titles: Value -> what a menu calls it; empty for a setting without choices.
    """
    if titles:
        return Choice(declaration, titles)
    if declaration.is_text:
        return Words(declaration)
    by_type: dict[type, Callable[[Declaration], SettingControl]] = {
        bool: YesOrNo,
        float: Share,
        str: Folder,
        tuple: Remembered,
    }
    return by_type[type(default)](declaration)
