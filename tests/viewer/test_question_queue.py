from viewer.question_queue import Question, QuestionQueue


def question(kind: str, *, in_background: bool = False) -> Question:
    return Question("a:b", None, kind, print, print, in_background=in_background)


def queue_of(*questions: Question) -> QuestionQueue:
    queue = QuestionQueue()
    for each in questions:
        queue.add(each)
    return queue


def test_questions_come_in_the_order_in_which_they_were_asked():
    first, second = question("why"), question("explain")
    queue = queue_of(first, second)
    assert [queue.next(), queue.next(), queue.next()] == [first, second, None]


def test_a_question_in_the_background_comes_last_however_early_it_was_asked():
    check, why, explain = question("check", in_background=True), question("why"), question("more")
    queue = queue_of(check, why, explain)
    assert [queue.next(), queue.next(), queue.next()] == [why, explain, check]


def test_a_question_is_taken_by_its_kind():
    why, explain = question("why"), question("explain")
    queue = queue_of(why, explain)
    assert queue.take("explain") is explain
    assert queue.take("explain") is None
    assert queue.next() is why


def test_all_are_taken_at_once():
    questions = (question("why"), question("explain"))
    queue = queue_of(*questions)
    assert queue.clear() == questions
    assert queue.next() is None
