"""Sentences of the ledger: what stands in the way of a record, a key or a proof, and what a check found."""

from portal.message import gettext_noop, register

register(
    {
        "ledger.unwritable": gettext_noop(
            "Nothing was changed: the database cannot write, since its disk is full or read-only. "
            "Tell your administrator, and try again once there is room."
        ),
        "ledger.no_key": gettext_noop("No key of the ledger is active. Make one: manage.py keys create"),
        "ledger.key_exists": gettext_noop("A key of the ledger is active already. Replace it: manage.py keys rotate"),
        "ledger.key_ended": gettext_noop("The key %(key)s does not sign any more."),
        "ledger.key_unknown": gettext_noop("There is no key %(key)s. See them all: manage.py keys list"),
        "ledger.key_elsewhere": gettext_noop(
            "The private half of the key %(key)s is not on this host: run this where the worker that signs runs. "
            "If it is lost, declare the key compromised."
        ),
        "ledger.keys_nowhere": gettext_noop("This host is not to sign: SEKISHO_KEYS is set to none."),
        "ledger.key_unwritable": gettext_noop("The key could not be written to %(folder)s: %(reason)s"),
        "ledger.key_size": gettext_noop("Choose a size from 0 to %(size)s, the number of the last record."),
        "ledger.not_covered": gettext_noop(
            "No signed checkpoint covers this record yet. The next one is signed within seconds while a worker runs "
            "that holds the key."
        ),
        "ledger.pinned_size": gettext_noop("A proof can start at a checkpoint of 0 to %(size)s records."),
        "ledger.missing": gettext_noop("Records %(first)s to %(last)s are missing."),
    }
)
