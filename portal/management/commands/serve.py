"""`manage.py serve`: the web server and a worker, for real use."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.supervisor import Supervisor, web_command, worker_command


class Command(BaseCommand):
    help = "Serve the portal: bring the database up to date, then run the web server and a worker until stopped."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", help="address and port (default 127.0.0.1:8000)")
        parser.add_argument("--threads", type=int, default=8, help="threads of the web server (default 8)")
        parser.add_argument("--no-worker", action="store_true", help="the web server alone; workers run elsewhere")
        parser.add_argument("--no-migrate", action="store_true", help="leave the database as it is")

    def handle(self, *args, **options) -> None:
        if not settings.SECRET_KEY_GIVEN or len(settings.SECRET_KEY) < 40:
            raise CommandError(
                "Set SEKISHO_SECRET_KEY to a random text of at least 40 characters, and keep it: sessions and the "
                "stored passwords of connections depend on it. One way to make it:\n"
                "  python -c 'import secrets; print(secrets.token_urlsafe(50))'"
            )
        settings.SEKISHO_HOME.mkdir(parents=True, exist_ok=True)
        if not options["no_migrate"]:
            call_command("migrate", verbosity=0)
        from governance.actions.policies import ensure_default_policy

        ensure_default_policy()
        if not settings.EMAIL_HOST:
            settings.EMAIL_FILE_PATH.mkdir(mode=0o700, exist_ok=True)
            self.stderr.write(
                f"No mail server is set (SEKISHO_SMTP_HOST): mails are written to {settings.EMAIL_FILE_PATH}."
            )
        try:
            with Supervisor(settings.SEKISHO_HOME / "logs") as supervisor:
                supervisor.start("web", web_command(options["bind"], threads=options["threads"]))
                if not options["no_worker"]:
                    supervisor.start("worker", worker_command())
                self.stdout.write(f"Sekisho serves http://{options['bind']} ; logs are in {supervisor.logs}")
                supervisor.wait()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
