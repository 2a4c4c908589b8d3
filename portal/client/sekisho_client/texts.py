"""The client's own sentences in both languages; the server's come in the language that is asked for."""

from __future__ import annotations

import os

TEXTS: dict[str, tuple[str, str]] = {
    "url": (
        "{url} is no address of Sekisho. Give one such as https://sekisho.example.org (SEKISHO_URL).",
        "{url} は Sekisho のアドレスではありません。https://… の形で SEKISHO_URL に指定してください。",
    ),
    "token": (
        "Give a token of Sekisho in SEKISHO_TOKEN; it begins with sek_ and holds no spaces.",
        "SEKISHO_TOKEN に Sekisho のトークンを指定してください。sek_ で始まり、空白を含みません。",
    ),
    "dead": (
        "{url} does not answer: {reason}. Check the address and whether Sekisho runs.",
        "{url} から応答がありません({reason})。アドレスと、Sekisho が動いていることを確認してください。",
    ),
    "redirect": (
        "{url} sends callers on to {target}. Give that address in SEKISHO_URL: the token is not sent after a redirect.",
        "{url} は {target} へ転送されます。トークンは転送先に送らないため、転送先を SEKISHO_URL に指定してください。",
    ),
    "strange": (
        "{url} answered {status}, but not as Sekisho does. Check that the address is Sekisho's.",
        "{url} は {status} を返しましたが、Sekisho の応答ではありません。アドレスを確認してください。",
    ),
    "trouble": (
        "Sekisho answered {status}: it has a fault or is being restarted. Try again later.",
        "Sekisho が {status} を返しました。障害または再起動中です。しばらくしてから再度お試しください。",
    ),
    "denied": (
        "Sekisho does not know this token, or it has expired. Make another under API tokens.",
        "このトークンは無効か、期限が切れています。「API トークン」で作り直してください。",
    ),
    "version": (
        "Name a version as model/15, not {given}.",
        "バージョンは {given} ではなく、model/15 のように指定してください。",
    ),
    "text": (
        "{given} is no text that can be sent.",
        "{given} は送信できない文字列です。",
    ),
    "wait": (
        "Say how long to wait as 90s, 40m or 2h, not {given}.",
        "待つ時間は {given} ではなく、90s、40m、2h のように指定してください。",
    ),
    "registry": (
        "Name the registry (--registry or SEKISHO_REGISTRY): the model {model} is in {found} that this token sees.",
        "レジストリを指定してください(--registry または SEKISHO_REGISTRY)。"
        "このトークンで見えるモデル {model} の所在: {found}。",
    ),
    "nowhere": ("no registry", "なし"),
    "file": (
        "{path} cannot be read: {reason}.",
        "{path} を読めません({reason})。",
    ),
    "kind": (
        "{path} is no table that Sekisho reads. Send one of: {kinds}.",
        "{path} は Sekisho が読める表ではありません。次のいずれかを送ってください: {kinds}。",
    ),
    "job": ("Job {id} ended: {text}", "ジョブ {id} が終了しました: {text}"),
    "waiting": ("Waiting: {text}", "待機中: {text}"),
    "late": (
        "It is not known after {waited}. Sekisho goes on; ask again later.",
        "{waited} 待ちましたが、まだ判定できません。処理は続いています。後でもう一度確認してください。",
    ),
    "registered": ("{what} is registered.", "{what} を登録しました。"),
    "told": ("{key} = {value} is known of {what}.", "{what} の {key} = {value} を記録しました。"),
    "pushed": (
        "{name} is set {id}. Models are judged on it once a second person agrees.",
        "{name} を評価セット {id} として受け付けました。別の人が同意すると、モデルの評価に使われます。",
    ),
    "absent": (
        "There is no promotion {id} that this token sees.",
        "このトークンで見える昇格 {id} はありません。",
    ),
    "asked": ("Promotion {id}: {state}", "昇格 {id}: {state}"),
}


def language() -> str:
    """`ja` or `en`: SEKISHO_LANGUAGE, else that of the shell."""
    wanted = os.environ.get("SEKISHO_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "ja" if wanted.lower().startswith("ja") else "en"


def say(code: str, **params: object) -> str:
    """The sentence; whatever a name in it would do to a terminal or a log, it does not."""
    return TEXTS[code][language() == "ja"].format(**{name: shown(value) for name, value in params.items()})


def shown(value: object) -> str:
    """One line of what can be seen: control characters and reversed writing are written out."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in str(value))
