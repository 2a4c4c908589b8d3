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
        "ledger.unsigned": gettext_noop(
            "No checkpoint is signed yet. A worker that holds the key signs the first one."
        ),
        "ledger.pinned_number": gettext_noop("Give the size of the pinned checkpoint as a whole number."),
        "ledger.pinned_size": gettext_noop("A proof can start at a checkpoint of 0 to %(size)s records."),
        "ledger.missing": gettext_noop("Records %(first)s to %(last)s are missing."),
        "ledger.checking": gettext_noop("Checked records: %(done)s of %(of)s"),
        "ledger.found.edited": gettext_noop("Record %(numbers)s is not what was recorded: it was edited or exchanged."),
        "ledger.found.missing": gettext_noop("Record %(numbers)s is missing: it was deleted."),
        "ledger.found.cut": gettext_noop("The log is cut off after record %(last)s: it once had %(size)s."),
        "ledger.found.text": gettext_noop(
            "A text of record %(numbers)s is not what was recorded: it was edited, or removed without a record of it."
        ),
        "ledger.found.tree": gettext_noop(
            "Record %(numbers)s does not fit the tree over it: one of them, or the tree, was rewritten."
        ),
        "ledger.found.head": gettext_noop("The tree's end does not fit its %(size)s records: it was rewritten."),
        "ledger.found.rewritten": gettext_noop(
            "Record %(numbers)s was rewritten after the checkpoint of %(size)s records was signed."
        ),
        "ledger.found.checkpoint": gettext_noop("The checkpoint of %(size)s records was edited."),
        "ledger.found.unsigned": gettext_noop(
            "The checkpoint of %(size)s records carries no signature of a key of this ledger."
        ),
        "ledger.found.distrusted": gettext_noop(
            "The checkpoint of %(size)s records was signed by a key that was not to be believed any more, "
            "and no good key signed over it."
        ),
        "ledger.found.pin_unread": gettext_noop("The pinned checkpoint cannot be read."),
        "ledger.found.pin_foreign": gettext_noop("The pinned checkpoint is not one of this ledger."),
        "ledger.found.pin_unsigned": gettext_noop(
            "The pinned checkpoint bears the name of this ledger, and no key of this ledger signed it."
        ),
        "ledger.found.pin_differs": gettext_noop(
            "The first %(size)s records are not those of the pinned checkpoint: the log was rewritten."
        ),
        "ledger.found.pin_restored": gettext_noop(
            "The pinned checkpoint of %(size)s records is from before this ledger was restored from a backup: "
            "what came after the backup is not in it. Its record of the restore says what is missing."
        ),
        "hold.restored": gettext_noop(
            "All moves are held: Sekisho was restored from a backup of %(made)s (UTC) with %(log_size)s records. "
            "What was done after it is not in it."
        ),
        "hold.restored_gap": gettext_noop(
            "All moves are held: Sekisho was restored from a backup of %(made)s (UTC) with %(log_size)s records. "
            "The last checkpoint that was seen had %(last_seen)s, so %(lost)s records are lost."
        ),
        "hold.waits": gettext_noop("All moves are held until an administrator releases them."),
        "hold.reason": gettext_noop("Write what was looked at, and why moves may go again."),
        "hold.none": gettext_noop("Moves are not held: somebody has released them already."),
        "hold.unfinished": gettext_noop(
            "The restore did not come to its end. Restore again, into an empty database and empty folders."
        ),
        "hold.same_person": gettext_noop(
            "Who restored does not release the moves as well: another administrator looks and does."
        ),
    }
)
