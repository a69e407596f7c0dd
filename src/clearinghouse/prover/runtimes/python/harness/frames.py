"""Names the target's functions: which frame an effect belongs to, walking outward from it."""

import re

TARGET = "/opt/target/"
_NAMELESS = re.compile(r"(\.<locals>\.<[a-z]+>)+$")


def is_target_file(path):
    """Whether a file is part of the installed tree (target or companion)."""
    return path.startswith(TARGET)


class Owner:
    """Knows which files of the tree are the target's own; the rest are companions."""

    def __init__(self, own):
        self.own = frozenset(own)

    def owns(self, path):
        """Whether a file is the target's own."""
        return path.startswith(TARGET) and path[len(TARGET) :] in self.own

    def innermost(self, frame):
        """The first own frame from `frame` outward, past companions and the standard library; or None."""
        while frame is not None:
            if self.owns(frame.f_code.co_filename):
                return frame
            frame = frame.f_back
        return None

    def of_traceback(self, traceback):
        """(innermost own frame, its line, whether any frame lies in the tree) of an exception's traceback."""
        found, line, inside = None, 0, False
        while traceback is not None:
            frame = traceback.tb_frame
            if self.owns(frame.f_code.co_filename):
                found, line, inside = frame, traceback.tb_lineno, True
            elif is_target_file(frame.f_code.co_filename):
                inside = True
            traceback = traceback.tb_next
        return found, line, inside


def module_name(path):
    """The module of a file: "pkg.mod" for "/opt/target/pkg/mod.py"."""
    name = path[len(TARGET) :]
    if name.endswith(".py"):
        name = name[:-3]
    if name.endswith("/__init__"):
        name = name[: -len("/__init__")]
    return name.replace("/", ".")


def code_name(code):
    """The function of a code object of the tree, as "pkg.mod:Class.method"; what has no name goes by its function's."""
    name = _NAMELESS.sub("", getattr(code, "co_qualname", code.co_name))
    return module_name(code.co_filename) + ":" + name


def frame_name(frame):
    """The function of a frame; the receiver's class follows in brackets where a subclass of the target's is meant."""
    code = frame.f_code
    name = code_name(code)
    if code.co_argcount and code.co_varnames[0] in ("self", "cls"):
        receiver = frame.f_locals.get(code.co_varnames[0])
        return name + receiver_suffix(receiver, name)
    return name


def class_of(receiver):
    """The receiver itself when it is a class, else its class. By type(): a lazy proxy runs code in isinstance()."""
    return receiver if issubclass(type(receiver), type) else type(receiver)


def receiver_suffix(receiver, name):
    """The text "[XmlLexer]" when the receiver's class is not the one that the function's name already holds."""
    kind = class_of(receiver)
    module = getattr(kind, "__module__", None)
    if not isinstance(module, str) or module == "builtins":
        return ""
    simple = kind.__name__
    return "" if (":" + simple + ".") in name or ("." + simple + ".") in name else "[" + simple + "]"
