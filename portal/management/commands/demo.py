"""`manage.py demo`: the whole product on this machine, with real models in a real MLflow server."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.supervisor import Supervisor, answers, free_port, web_command, worker_command

MARK = "demo.json"
WEB_PORT = 8000
MLFLOW_PATIENCE = 180


class Command(BaseCommand):
    help = "Set up and serve a demo: trains models, audits, refuses and promotes them through the product's own code."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--once", action="store_true", help="tell the story to its end without serving")
        parser.add_argument("--json", action="store_true", help="with --once: the steps as JSON on standard output")
        parser.add_argument("--reset", action="store_true", help="forget the last demo and start over")
        parser.add_argument("--port", type=int, default=None, help=f"port of the site (default {WEB_PORT} if free)")

    def handle(self, *args, **options) -> None:
        if options["json"] and not options["once"]:
            raise CommandError("--json goes with --once.")
        self.home: Path = settings.SEKISHO_HOME
        if options["reset"]:
            self._reset()
        self.home.mkdir(parents=True, exist_ok=True)
        self.state = self._state()
        self._use_secret()
        self._say("Bringing the database up to date.")
        call_command("migrate", verbosity=0)
        try:
            steps = self._once() if options["once"] else self._serve(options["port"])
        except KeyboardInterrupt:
            self._say("Stopped. The data is kept; the next start goes on from here.")
            return
        if steps is not None:
            self._report(steps, as_json=options["json"])
            if not all(step.ok for step in steps):
                sys.exit(1)

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence)

    # -- state -----------------------------------------------------------------------------------

    def _reset(self) -> None:
        """Remove what a demo has made, and nothing else: only a home that carries the demo's mark."""
        if not (self.home / MARK).exists():
            if self.home.exists() and any(self.home.iterdir()):
                raise CommandError(
                    f"{self.home} holds no demo ({MARK} is missing), so it is left as it is. "
                    "Set SEKISHO_HOME to another folder for the demo."
                )
            return
        if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
            shutil.rmtree(self.home)
        else:
            call_command("migrate", verbosity=0)
            call_command("flush", interactive=False, verbosity=0)
            shutil.rmtree(self.home)

    def _state(self) -> dict:
        file = self.home / MARK
        state = json.loads(file.read_text("utf-8")) if file.exists() else {}
        state.setdefault("password", "-".join(secrets.token_hex(2) for _ in range(4)))
        state.setdefault("told", False)
        return state

    def _keep(self) -> None:
        from portal.demo.people import PEOPLE

        self.state["sign_ins"] = [
            {
                "email": person.email,
                "password": self.state["password"],
                "name": person.name,
                "role": person.role.removeprefix("is_") or f"{person.team_role} of {person.team}",
            }
            for person in PEOPLE
        ]
        file = self.home / MARK
        file.write_text(json.dumps(self.state, ensure_ascii=False, indent=2) + "\n", "utf-8")
        file.chmod(0o600)

    def _use_secret(self) -> None:
        """The demo makes a secret key of its own and keeps it, so that sessions outlive a restart."""
        if settings.SECRET_KEY_GIVEN:
            key = settings.SECRET_KEY
        else:
            file = self.home / "secret-key"
            if not file.exists():
                file.touch(mode=0o600)
                file.write_text(secrets.token_urlsafe(50))
            key = file.read_text().strip()
        settings.SECRET_KEY = key
        self.env = {"SEKISHO_SECRET_KEY": key, "SEKISHO_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}

    # -- running ---------------------------------------------------------------------------------

    def _once(self) -> list:
        with Supervisor(self.home / "logs") as supervisor:
            self._start_back(supervisor)
            return self._tell()

    def _serve(self, port: int | None) -> None:
        with Supervisor(self.home / "logs") as supervisor:
            wanted = port or self.state.get("port") or WEB_PORT
            self.state["port"] = free_port(wanted)
            if port and self.state["port"] != port:
                raise CommandError(f"Port {port} is in use. Choose another with --port, or leave it out.")
            self.state["address"] = f"http://127.0.0.1:{self.state['port']}/"
            # The people are there before the page that asks them to sign in.
            from portal.demo.people import make_people

            make_people(self.state["password"])
            supervisor.start("web", web_command(f"127.0.0.1:{self.state['port']}"), self.env)
            self._keep()
            self._announce()
            self._start_back(supervisor)
            if not self.state["told"]:
                self._say("The story is being told; pages fill as it goes (two to four minutes).")
                steps = self._tell()
                failed = [step for step in steps if not step.ok]
                self._say("The story is told." if not failed else f"The story failed at: {failed[0].step}")
            self._say("Ctrl-C stops everything and keeps the data.")
            supervisor.wait()

    def _announce(self) -> None:
        end = time.monotonic() + 30
        while not answers(self.state["port"]) and time.monotonic() < end:
            time.sleep(0.1)
        self.stdout.write(f"\nSekisho: {self.state['address']}\n")
        for person in self.state["sign_ins"]:
            self.stdout.write(f"  {person['email']:<26} {person['password']}   {person['name']}, {person['role']}")
        self.stdout.write(f"(also in {self.home / MARK})\n")
        self.stdout.flush()

    def _start_back(self, supervisor: Supervisor) -> None:
        """MLflow and the worker; the address of MLflow stays the same from start to start where it can."""
        from portal.demo import mlflow_server

        self.state["mlflow_port"] = port = free_port(self.state.get("mlflow_port"))
        self.state["mlflow"] = f"http://127.0.0.1:{port}"
        self._keep()
        command, env = mlflow_server.command(self.home / "demo" / "mlflow", port)
        supervisor.start("mlflow", command, env)
        self._follow_address()
        supervisor.start("worker", worker_command(), self.env)
        self._say(f"Starting MLflow at {self.state['mlflow']} (the first start takes half a minute).")
        end = time.monotonic() + MLFLOW_PATIENCE
        while not mlflow_server.healthy(port):
            if time.monotonic() > end:
                raise CommandError(f"MLflow did not start; see {supervisor.logs / 'mlflow.log'}.")
            time.sleep(0.3)
        self._mirror()

    def _follow_address(self) -> None:
        """The demo's connection follows MLflow to a new port."""
        from governance.actions import registries
        from governance.models import Registry
        from portal.accounts.models import User
        from portal.demo.story import REGISTRY

        registry = Registry.objects.filter(name=REGISTRY).exclude(address=self.state["mlflow"]).first()
        if registry:
            registries.change_registry(
                registry=registry, address=self.state["mlflow"], username="", password=None, enabled=True,
                by=User.objects.get(email="mori@demo.example"),
            )  # fmt: skip

    def _mirror(self) -> None:
        """Mirror now that MLflow answers: a try while it was starting has failed."""
        from governance.mirror import ask_for_mirror
        from governance.models import Registry

        for registry in Registry.objects.filter(address=self.state["mlflow"]):
            ask_for_mirror(registry=registry)

    def _tell(self) -> list:
        from portal.demo.story import Story

        story = Story(self.state["mlflow"], self.state["password"], self._say)
        steps = story.tell()
        self.state["told"] = all(step.ok for step in steps)
        self._keep()
        return steps

    def _report(self, steps: list, *, as_json: bool) -> None:
        ok = all(step.ok for step in steps)
        if as_json:
            told = {"ok": ok, "mlflow": self.state["mlflow"], "steps": [step.to_json() for step in steps]}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
            return
        for step in steps:
            self.stdout.write(f"{'ok ' if step.ok else 'NOT'} {step.step}")
            self.stdout.write(f"      expected: {step.expected}\n      observed: {step.observed}")
            more = [f"run {step.run_id}"] if step.run_id else []
            more += [f"ledger {', '.join(map(str, step.ledger))}"] if step.ledger else []
            more += [f"champion {step.alias}"] if step.alias else []
            if more:
                self.stdout.write(f"      {' · '.join(more)}")
        self.stdout.write("Every step was as expected." if ok else "Not every step was as expected.")
