"""The engine: where and how a network runs, and one pass that gives prognosis and maps."""

from core.inference.engine import Engine, choose_engine
from core.inference.passes import Inference, Maps, features, infer, predict
from core.inference.ready import prepare

__all__ = [
    "Engine",
    "Inference",
    "Maps",
    "choose_engine",
    "features",
    "infer",
    "predict",
    "prepare",
]
