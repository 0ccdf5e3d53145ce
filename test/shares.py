"""Which tests scripts/test runs in which build, and which of those in which part that runs beside the others."""

import inspect
from collections import Counter

# The sanitizers see our code in C. Not again with them are tests of other things (nginx, pages, scripts, documents,
# rules, figures), of what is kept for 100 ms, and long ones of what shorter ones do with them.
UNSANITIZED = {f"test_{name}" for name in (
    "backup", "caching_of_nginx", "concert_cancel", "dearest", "deploy", "draw", "draw_docs", "draw_library",
    "draw_lost", "errors_of_nginx", "https", "queue_changes", "queue_library", "queue_model", "queue_rush", "logrotate",
    "memory", "observe", "pages", "prune", "readme", "schema", "scripts", "sold_out", "subpath", "units", "wide_ids",
)}

# Where calls meet they meet differently without sanitizers. Any other test would say the same again.
MEETINGS = ("batches", "buyers", "crowd")  # modules of what makes them meet
THREADS = {"Thread", "ThreadPoolExecutor"}


def functions_of(code):
    """A function's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from functions_of(constant)


def has_meetings(function, seen):
    """Whether calls meet in it, or in a function or class of its module that it uses."""
    if function in seen:
        return False
    seen.add(function)
    names = {name for code in functions_of(function.__code__) for name in (*code.co_names, *code.co_freevars)}
    used = [function.__globals__[name] for name in names if name in function.__globals__]
    own = [value for value in used if getattr(value, "__module__", "") == function.__module__]
    methods = [method for value in own if inspect.isclass(value) for method in vars(value).values()]
    return bool(names & THREADS) or any(getattr(value, "__module__", "") in MEETINGS for value in used) or any(
        has_meetings(inspect.unwrap(value), seen) for value in own + methods if inspect.isfunction(inspect.unwrap(value)))


def is_of_share(item, share):
    """"sanitized" or "plain": whether it is run with sanitizers, and without."""
    unsanitized = item.path.stem in UNSANITIZED
    return not unsanitized if share == "sanitized" else unsanitized or has_meetings(item.function, set())


def deal(items, count):
    """The part of each file, by its path: the file with most tests first, always to the smallest part."""
    sizes, parts = [0] * count, {}
    tests = sorted({(item.path, item.originalname) for item in items})
    for path, size in Counter(path for path, _ in tests).most_common():
        parts[path] = sizes.index(min(sizes))
        sizes[parts[path]] += size
    return parts


def select(items, share, part):
    """Those of a share, "" for all, and of these those of a part, like "1/2"."""
    chosen = [item for item in items if not share or is_of_share(item, share)]
    number, count = map(int, part.split("/"))
    parts = deal(chosen, count)
    return [item for item in chosen if parts[item.path] == number - 1]
