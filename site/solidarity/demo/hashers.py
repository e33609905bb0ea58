"""How the demo keeps its passwords."""

from django.contrib.auth.hashers import ScryptPasswordHasher


class OneLaneScrypt(ScryptPasswordHasher):
    """A fifth of the work of Django's default, which eight people at their logins would wait for.

    The demo's passwords are drawn at random: no work at guessing them would be enough.
    """

    algorithm = "scrypt-one-lane"
    parallelism = 1
