"""Sites of any size with posts like real ones: the same seed gives the same bytes."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from PIL import Image

MIN_BODY_BYTES = 1_000
MAX_BODY_BYTES = 12_000
PICTURES = 12
SITE = """\
title = "Tres lenguas"
description = "Un blog de prueba, del tamaño que haga falta."
url = "https://blog.example.org"
language = "es"
languages = ["es", "pt", "en"]
timezone = "America/Santiago"
author = "Redacción"
"""

_NEWEST = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=-3)))
_BETWEEN_POSTS = timedelta(hours=8)
_MEDIAN_BODY_BYTES = 3_800


class Language(NamedTuple):
    """Parts that any sentence can be put together from, and words for heads."""

    tag: str
    share: int
    subjects: tuple[str, ...]
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    tails: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    authors: tuple[str, ...]


def write_site(folder: Path, count: int, seed: int = 1) -> list[Path]:
    """Make a site of `count` posts in `folder`: settings, pictures, posts. Gives the files, newest first."""
    (folder / "posts").mkdir(parents=True, exist_ok=True)
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "static").mkdir(exist_ok=True)
    for number in range(PICTURES):
        picture = Image.linear_gradient("L").resize((240 + 10 * number, 160))
        picture.save(folder / "static" / f"picture-{number}.png")
    files = []
    for path, text in posts(count, seed):
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files


def posts(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Path and text of `count` posts, newest first. A post is the same whatever the count."""
    for number in range(count):
        yield post(number, seed)


def post(number: int, seed: int = 1) -> tuple[str, str]:
    """Path and text of one post; a higher number is an older one."""
    rng = random.Random(f"{seed}:{number}")
    language = rng.choices(LANGUAGES, [language.share for language in LANGUAGES])[0]
    date = _NEWEST - number * _BETWEEN_POSTS - timedelta(minutes=rng.randrange(300))
    title = _title(rng, language)
    path = f"posts/{date:%Y}/{date:%Y-%m-%d}-{_slug(title)}-{number}.md"
    return path, f"---\n{_head(rng, language, number, title, date)}---\n{_body(rng, language)}"


# --- the head


def _head(rng: random.Random, language: Language, number: int, title: str, date: datetime) -> str:
    """Eight keys that every post has, and up to six more."""
    category = rng.choices(language.categories, range(len(language.categories), 0, -1))[0]
    tags = rng.sample(language.tags, rng.randint(1, 4))
    lines = [
        f"title: {_quoted(title)}",
        f"intro: {_quoted(_sentence(rng, language))}",
        f"date: {date:%Y-%m-%d %H:%M:%S%z}",
        f"categories:\n  - {_quoted(category)}",
        f"tags: [{', '.join(tags)}]",
        f"author: {rng.choice(language.authors)}",
        f"lang: {language.tag}",
        f"highlighted: {'true' if rng.random() < 0.02 else 'false'}",
    ]
    if rng.random() < 0.7:
        src = _picture(rng)
        lines.append(f"single_image:\n  - img: {src}\n    caption: {_quoted(_sentence(rng, language))}")
    if rng.random() < 0.5:
        lines.append(f"share_message: {_quoted(_sentence(rng, language))}")
    if rng.random() < 0.3:
        lines.append(f"updated: {date + timedelta(days=rng.randint(1, 40)):%Y-%m-%d}")
    if rng.random() < 0.2:
        lines.append("toc: true")
    if rng.random() < 0.1:
        lines.append(f"aliases: [/blog/{date:%Y}/{number}/]")
    if rng.random() < 0.3:
        lines.append(f"source_id: {rng.randrange(10**6)}")
    return "".join(f"{line}\n" for line in lines)


def _title(rng: random.Random, language: Language) -> str:
    return f"{rng.choice(language.subjects)} {rng.choice(language.verbs)} {rng.choice(language.objects)}"


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _picture(rng: random.Random) -> str:
    if rng.random() < 0.6:
        return f"https://pictures.example.org/{rng.randrange(10**6)}.jpg"
    return f"/static/picture-{rng.randrange(PICTURES)}.png"


# --- the body


def _body(rng: random.Random, language: Language) -> str:
    length = min(MAX_BODY_BYTES - 1_500, max(MIN_BODY_BYTES, rng.lognormvariate(0, 0.55) * _MEDIAN_BODY_BYTES))
    blocks = [_paragraph(rng, language)]
    once = [block for chance, block in _BLOCKS if rng.random() < chance]
    rng.shuffle(once)
    bytes_so_far = 0
    while bytes_so_far < length:
        if len(blocks) % 4 == 3:
            blocks.append(f"## {_title(rng, language)}")
        if once and rng.random() < 0.4:
            blocks.append(once.pop()(rng, language))
        blocks.append(_paragraph(rng, language))
        bytes_so_far = sum(len(block.encode()) + 2 for block in blocks)
    return "\n\n".join(blocks) + "\n"


def _sentence(rng: random.Random, language: Language) -> str:
    return f"{_title(rng, language)} {rng.choice(language.tails)}."


def _paragraph(rng: random.Random, language: Language) -> str:
    sentences = [_sentence(rng, language) for _ in range(rng.randint(2, 5))]
    if rng.random() < 0.4:
        place = rng.randrange(len(sentences))
        sentences[place] = f"**{sentences[place][:-1]}**."
    if rng.random() < 0.4:
        link = f"[{rng.choice(language.objects)}](https://example.org/{rng.randrange(10**4)}/)"
        sentences.append(f"{rng.choice(language.subjects)} {rng.choice(language.verbs)} {link}.")
    return " ".join(sentences)


def _list(rng: random.Random, language: Language) -> str:
    return "\n".join(f"- {_sentence(rng, language)}" for _ in range(rng.randint(3, 6)))


def _quote(rng: random.Random, language: Language) -> str:
    return f"> {_sentence(rng, language)}\n> {_sentence(rng, language)}"


def _table(rng: random.Random, language: Language) -> str:
    rows = (f"| {rng.choice(language.subjects)} | {rng.randrange(10**5)} |" for _ in range(rng.randint(3, 7)))
    return "\n".join(("| | |", "|:---|---:|", *rows))


def _figure(rng: random.Random, language: Language) -> str:
    return f'![{rng.choice(language.objects)}]({_picture(rng)} "{_sentence(rng, language)}")'


def _code(rng: random.Random, language: Language) -> str:  # noqa: ARG001
    return rng.choice(_CODE)


def _footnote(rng: random.Random, language: Language) -> str:
    return f"{_title(rng, language)}.[^1]\n\n[^1]: {_sentence(rng, language)}"


_BLOCKS = ((0.5, _list), (0.3, _figure), (0.15, _quote), (0.15, _table), (0.1, _code), (0.05, _footnote))

_CODE = (
    "```python\ndef quorum(members: int) -> int:\n    \"\"\"Half of them.\"\"\"\n    return members // 2\n```",
    "```bash\ngit pull --ff-only && ls posts | wc -l  # how many are there\n```",
    "```html\n<figure>\n  <img src=\"plaza.jpg\" alt=\"La plaza\">\n</figure>\n```",
    "```sql\nSELECT year, sum(amount) FROM budget WHERE district = 'norte' GROUP BY year;\n```",
    "```yaml\ntitle: Acta del martes\ntags: [actas, presupuesto]\n```",
    "```json\n{\"votes\": {\"for\": 31, \"against\": 4}, \"open\": true}\n```",
)  # fmt: skip

_SPANISH = Language(
    "es",
    5,
    (
        "La junta de vecinos", "El concejo municipal", "Un grupo de jóvenes del barrio", "La mesa de trabajo",
        "El equipo de datos abiertos", "La asamblea de este año", "Una red de bibliotecas", "La comisión de obras",
        "El taller de los sábados", "Cada familia de la cuadra", "La ciudadanía organizada", "Nuestra fundación",
    ),
    (
        "publicó", "discutió", "aprobó", "pidió", "revisó con paciencia", "puso en común", "presentó", "defendió",
        "volvió a medir", "tradujo", "corrigió", "llevó a la plaza",
    ),
    (
        "el presupuesto del próximo año", "las actas de cada sesión", "un mapa de las áreas verdes",
        "la lista de los proveedores", "el plan para la ribera del río", "una guía para pedir información",
        "los resultados de la consulta", "el calendario de las obras", "las preguntas que quedaron sin respuesta",
        "un registro de las reuniones", "la ordenanza de participación", "los horarios del transporte",
    ),
    (
        "antes de la reunión del martes", "sin esperar a que alguien lo pidiera", "en una tarde de lluvia",
        "con la ayuda de dos universidades", "después de tres meses de trabajo", "y cualquiera puede revisarlo",
        "para que nadie quede fuera", "como lo manda la ley de transparencia", "aunque faltaban algunos números",
        "desde la sede de la calle Maipú", "por segunda vez en diez años", "en un lenguaje que se entiende",
    ),
    ("Proyecto", "Gobierno abierto", "Comunidad", "Actas", "Guías", "Opinión"),
    ("presupuesto", "datos", "barrio", "transparencia", "participación", "escuela", "río", "movilidad", "salud"),
    ("Camila Rojas", "Redacción", "Ignacio Fuentes", "Equipo de datos"),
)  # fmt: skip

_PORTUGUESE = Language(
    "pt",
    2,
    (
        "A associação de moradores", "A câmara municipal", "Um coletivo de estudantes", "O conselho de saúde",
        "A equipe de dados abertos", "A rede de bibliotecas", "A oficina de sábado", "O fórum da cidade",
        "Nossa fundação", "Cada escola do bairro",
    ),
    (
        "publicou", "debateu", "aprovou", "pediu", "revisou com calma", "apresentou", "defendeu", "mediu de novo",
        "traduziu", "levou à praça",
    ),
    (
        "o orçamento do próximo ano", "as atas de cada sessão", "um mapa das áreas verdes", "a lista de contratos",
        "o plano para a margem do rio", "um guia para pedir informação", "os resultados da consulta",
        "o calendário das obras", "as perguntas sem resposta", "um registro das reuniões",
    ),
    (
        "antes da reunião de terça-feira", "com a ajuda de duas universidades", "depois de três meses de trabalho",
        "e qualquer pessoa pode conferir", "para que ninguém fique de fora", "como manda a lei de acesso",
        "embora faltassem alguns números", "pela segunda vez em dez anos", "em uma linguagem clara",
        "sem esperar que alguém pedisse",
    ),
    ("Projeto", "Governo aberto", "Comunidade", "Atas", "Guias"),
    ("orçamento", "dados", "bairro", "transparência", "participação", "escola", "rio", "mobilidade"),
    ("Luísa Prado", "Redação", "Tiago Nunes"),
)  # fmt: skip

_ENGLISH = Language(
    "en",
    3,
    (
        "The residents' association", "The city council", "A group of students", "The open data team",
        "This year's assembly", "A network of libraries", "The works committee", "The Saturday workshop",
        "Every household on the block", "Our foundation",
    ),
    (
        "published", "discussed", "approved", "asked for", "patiently reviewed", "presented", "defended",
        "measured again", "translated", "took to the square",
    ),
    (
        "next year's budget", "the minutes of every meeting", "a map of the green spaces", "the list of suppliers",
        "the plan for the river bank", "a guide to asking for records", "the results of the survey",
        "the calendar of works", "the questions left unanswered", "a register of meetings",
    ),
    (
        "before Tuesday's meeting", "without waiting to be asked", "with the help of two universities",
        "after three months of work", "and anybody can check it", "so that nobody is left out",
        "as the transparency act demands", "although some figures were missing", "in words that people use",
        "for the second time in ten years",
    ),
    ("Project", "Open government", "Community", "Minutes", "Guides"),
    ("budget", "data", "neighbourhood", "transparency", "participation", "school", "river", "transport"),
    ("Alice Moore", "Newsroom", "Tom Baker"),
)  # fmt: skip

LANGUAGES = (_SPANISH, _PORTUGUESE, _ENGLISH)
