"""Which way languages are written, and in which order their names stand."""

from __future__ import annotations

from random import Random

import pytest
from blogs import post
from conftest import NewBlog

from bitacora.web.alphabets import direction, direction_of, is_written_in, script, sort_key

RIGHT_TO_LEFT = """
    ar ar-EG ar-001 fa fa-AF per prs ps ur sd ks ckb ug dv he iw heb yi ji syr nqo rhg arz pnb mzn glk lrc
    az-Arab az-IR ku-Arab pa-PK pa-Arab uz-AF ff-Adlm en-Arab ms-Arab ha_Arab sh-Arab
"""
LEFT_TO_RIGHT = """
    arn es es-CL en pt-BR az az-Latn ku ku-Latn-TR pa uz ar-Latn he-Latn ks-Deva sd-Deva ff ms ha qu ay gn zh
    zh-Hant ja ko ru el hi th am arg arp hea fan fat faa urh urd-Latn hei psl sh xx zzz
"""


@pytest.mark.parametrize(("tags", "wanted"), [(RIGHT_TO_LEFT, "rtl"), (LEFT_TO_RIGHT, "ltr")])
def test_the_script_of_a_language_decides_which_way_it_runs(tags: str, wanted: str) -> None:
    assert {tag: direction(tag) for tag in tags.split()} == dict.fromkeys(tags.split(), wanted)


def test_a_language_has_a_script_of_its_own_or_the_likely_one() -> None:
    tags = ("es", "sr", "sr-Latn", "zh", "zh-TW", "ja", "hi", "xx", "sh")
    assert [script(tag) for tag in tags] == [
        "Latn",
        "Cyrl",
        "Latn",
        "Hans",
        "Hant",
        "Jpan",
        "Deva",
        "Latn",
        "Latn",
    ]
    assert is_written_in("أخبار", "ar")
    assert is_written_in("2024", "ar")
    assert is_written_in("日本", "ja")
    assert is_written_in("x", "es-Zxxx")
    assert not is_written_in("Noticias", "ar")
    assert direction("ar" * 1_000_000) == direction("") == "ltr"
    assert (direction_of("¿2024? أخبار"), direction_of("Sol أخبار"), direction_of("!" * 9_999_999)) == (
        "rtl",
        "ltr",
        "",
    )


ORDERS = {
    "es-CL": "¿Qué?|🎉|100|2|África|Economía|nube|Nz|ñandú|Ñuñoa|Oficios|olmo|ópera|papa|Papa|papá|Qué|Zonas|Ж",
    "arn": "nawel|ngen|ñuke|pewma",
    "pt": "açaí|acaso|Água|aldeia|época|Zé",
    "en": "æon|apple|café|cafes|Ñ|naive|naïve|nz|Œdipus|of",
    "de": "Apfel|Äpfel|Ofen|Öl|Strand|Strasse|Straße|Zoo",
    "sv": "Apa|Zebra|Ångström|Ärla|äta|Öland",
    "fi": "apu|zeta|å|äiti|öljy",
    "da": "and|zebra|Ærø|Ø|Aase|Åse",
    "nb": "and|zebra|ære|ø|å",
    "is": "ada|ál|bær|daði|ðalur|zoo|þing|ær|ör",
    "et": "saun|šokk|zoo|tuba|õun|ämber|öö|üks",
    "pl": "los|lód|łoś|ość|zebra|źle|żaba",
    "cs": "cena|cihla|čaj|hora|chata|ida",
    "hr": "cijena|čaj|ćup|drvo|džep|đak|lav|ljubav",
    "hu": "cukor|csak|ló|lyuk|óra|ő|öt|pap",
    "tr": "hız|ılık|Isparta|ilk|İzmir",
    "ro": "an|ăsta|în|jos|sat|șah|tata|țara",
    "lt": "čia|yra|iš|jis",
    "vi": "am|ăn|ấm|ậm|ân|da|đi",
    "ru": "2|Ёлка|ель|Ель|Игра|Йод|Яма|Zoo",
    "uk": "Гора|Ґанок|Дім|Е|Є|Іва|Їжак|Йод",
    "el": "Άλφα|βήτα|ωμέγα|alfa",
    "ja": "がくせい|かさ|カメラ|さ",
    "fa": "بابا|پدر|ت|جان|چای|ق|ک|گل",
    "he": "אב|בית|a",
}


@pytest.mark.parametrize("language", ORDERS)
def test_names_stand_in_the_order_of_the_language(language: str) -> None:
    names = ORDERS[language].split("|")
    shuffled = Random(7).sample(names, len(names))
    assert sorted(shuffled, key=lambda name: sort_key(name, language)) == names


def test_the_order_is_the_same_however_accents_are_stored() -> None:
    for one, other in (("Ñuñoa", "N\u0303un\u0303oa"), ("Öl", "O\u0308l"), ("ậm", "a\u0323\u0302m")):
        assert sort_key(one, "es")[:2] == sort_key(other, "es")[:2]


def test_categories_and_tags_are_listed_in_the_order_of_the_sites_language(new_blog: NewBlog) -> None:
    names = ["Zonas", "Ñandú", "África", "Nz", "Oficios"]
    files = {
        f"posts/2026-01-{n:02}-x.md": post(categories=f"[{x}]", tags=f"[{x}]") for n, x in enumerate(names, 1)
    }
    wanted = {
        "es": ["África", "Nz", "Ñandú", "Oficios", "Zonas"],
        "en": ["África", "Ñandú", "Nz", "Oficios", "Zonas"],
    }
    for language, ordered in wanted.items():
        blog = new_blog(files, settings=f'language = "{language}"\n')
        for url, kind in (("/categories/", "category"), ("/tags/", "tag")):
            links = (a for a in blog.get(url).html.iter("a") if (a.get("href") or "").startswith(f"/{kind}/"))
            assert ["".join(a.itertext()) for a in links] == ordered
