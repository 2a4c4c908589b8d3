"""Random people, faults and clocks against the real actions, outbox, ledger and mirror, and a check of the history.

`world` sets the stage, `mlflow` stands for the server, `by_hand` knows the rules without asking the product, `history`
reads what was recorded, and the other modules are the rules of the machine. `SEKISHO_MACHINE=deep` looks longer.
"""
