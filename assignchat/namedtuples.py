"""Named tuples as those of `typing`, whose classes take a sixth of the time to make.

Each command makes some thirty such classes before it begins. That of `typing` compiles a function
and makes two classes for each.
"""

from collections.abc import Callable
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  # so others may import it
else:

    class NamedTuple(tuple):
        """A tuple whose items have the names that its class annotates, in their order."""

        __slots__ = ()
        _fields: ClassVar[tuple[str, ...]]
        _field_defaults: ClassVar[dict[str, Any]]
        _make: ClassVar[Callable[..., Self]] = classmethod(tuple.__new__)
        """Make one of as many values as there are fields, which is not checked."""

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {
                name: vars(cls)[name] for name in cls._fields if name in vars(cls)
            }
            for place, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(place)))

        def __new__(cls, *values: Any, **named: Any) -> Self:
            """Make one of the first values in order and of others by name, or by default."""
            if named or len(values) != len(cls._fields):
                values += cls._rest(len(values), named)
            return tuple.__new__(cls, values)

        @classmethod
        def _rest(cls, first: int, named: dict[str, Any]) -> tuple[Any, ...]:
            defaults = cls._field_defaults
            with suppress(KeyError):
                ahead = cls._fields[first:]
                rest = [named.pop(name) if name in named else defaults[name] for name in ahead]
                if first <= len(cls._fields) and not named:
                    return tuple(rest)
            raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}, each once")

        def _replace(self, **changed: Any) -> Self:
            """Return another one, with these fields changed."""
            # As that of typing does: by way of dictionaries it takes twice as long, and each accept
            # replaces fields six times.
            replaced = self._make(map(changed.pop, self._fields, self))
            if changed:
                raise TypeError(f"{type(self).__name__} has no {', '.join(changed)}")
            return replaced

        def _asdict(self) -> dict[str, Any]:
            """Return the values by the names of their fields."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            fields = (f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({', '.join(fields)})"

        def __getnewargs__(self) -> tuple[Any, ...]:  # for copies, and for pickles
            return tuple(self)
