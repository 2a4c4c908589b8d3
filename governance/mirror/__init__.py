"""Mirrors registries: now and then everything is read, and between that what is new and what is in use.

A *sweep* reads all models, versions and new runs. A *poll* reads in a handful of calls all models with their aliases,
the versions that were updated last, and the versions and runs that stand somewhere: alias and tag changes and deletions
bump no time stamp in MLflow. Both hold what they read against what was decided, in the transaction that writes it.

What is gone from the server is marked as deleted and kept, since promotions and audits refer to it. A version that was
deleted and made anew under its number is another one: what was read of the old one is forgotten.
"""

from governance.mirror.asking import ask_for_mirror, ask_for_poll, mirror_what_is_due, note_try
from governance.mirror.poll import Polled, poll
from governance.mirror.sweep import Synced, sync
from governance.polling import News, read_news

__all__ = [
    "News",
    "Polled",
    "Synced",
    "ask_for_mirror",
    "ask_for_poll",
    "mirror_what_is_due",
    "note_try",
    "poll",
    "read_news",
    "sync",
]
