"""The words by which blog tools and editors say who may see a text, and what they mean.

One table of keys in eight languages and a little of more (`_WORDS`), one rule for keys that are not in it
(`_SOUNDS`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from bitacora.posts.head import (
    Node,
    Scalar,
    as_seen,
)

# --- values


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """A key or value without capitals, accents, and whatever stands between its words."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return "".join(filter(str.isalnum, text))


def meaning(node: Node) -> str:
    """ "yes", "no", "nothing", "public", "featured", "draft", "hidden" or "other"."""
    return _meaning_of(node.text) if isinstance(node, Scalar) else "other"


@lru_cache(maxsize=4096)
def _meaning_of(text: str) -> str:
    if _ZERO.fullmatch(text.strip()):
        return "no"
    return _MEANINGS.get(folded(text), "other") if len(text) <= 100 else "other"


_ZERO = re.compile(r"[-+]?0+(?:\.0*)?")


def _texts(text: str) -> list[str]:
    """The words of a list with bars between them, those with German letters in both of their spellings."""
    written = [word.strip() for line in text.splitlines() for word in line.split("|") if word.strip()]
    german = (word.translate(_GERMAN) for word in written if any(letter in word for letter in "äöüÄÖÜ"))
    return [("_" if word.startswith("_") else "") + folded(word) for word in (*written, *german)]


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})

# en, es, pt, fr, de, it, ca, gl; and of nl, sv, da, pl, ru, tr, ja, zh the few that are sure
_VALUES = {
    "yes": "true|yes|on|y|1|sí|si|verdadero|cierto|sim|verdadeiro|oui|vrai|ja|wahr|sì|vero|cert|certo|да|はい|是",
    "no": """false|no|off|n|0|falso|não|non|faux|nein|falsch|fals|nej|нет|いいえ|否|never|nunca|jamais|nie
        |niemals|mai""",
    "nothing": """null|none|nil|ninguno|ninguna|nada|nenhum|nenhuma|aucun|aucune|rien|keine|keiner|nichts
        |nessuno|niente|cap|res|ningún""",
    "public": """public|published|publish|open|live|listed|visible|everyone|everybody|anyone|all|final
        |sticky|evergreen|seedling|budding|released|online|active|público|pública|publicado|publicada
        |publicar|abierto|abierta|todos|todo el mundo|aberto|aberta|visível|publique|publié|publiée|publier
        |ouvert|tous|tout le monde|öffentlich|veröffentlicht|veröffentlichen|offen|sichtbar|alle|pubblico
        |pubblica|pubblicato|pubblicata|aperto|visibile|tutti|públic|publicat|obert|tothom|公開|公开""",
    "featured": "featured",
    "some": """members|members only|member|paid|paid only|only paid|tiers|subscribers|subscribers only
        |patrons|followers|friends|family|team|staff|staff only|employees|registered|logged in|founding
        |premium|miembros|socios|suscriptores|de pago|amigos|familia|equipo|registrados|membros|assinantes
        |pago|equipa|equipe|membres|abonnés|payant|amis|famille|équipe|Mitglieder|Abonnenten|kostenpflichtig
        |Freunde|Familie|membri|abbonati|a pagamento|amici|famiglia|squadra|subscriptors|de pagament|amics
        |equip|subscritores""",
    "hidden": """hidden|unlisted|hide|invisible|not listed|oculto|oculta|escondido|escondida|no listado
        |no listada|não listado|invisível|caché|cachée|masqué|masquée|non répertorié|non listé|versteckt
        |verborgen|ausgeblendet|nicht gelistet|ungelistet|unsichtbar|nascosto|nascosta|non in elenco
        |non elencato|invisibile|ocult|amagat|no llistat|agochado|non listado|dold|skjult|ukryty|скрытый
        |скрыто""",
    "draft": """draft|drafts|not yet|later|todavía no|aún no|ainda não|pas encore|noch nicht|non ancora
        |encara no|wip|work in progress|in progress|unfinished|idea|todo|auto draft|autosave
        |inherit|sent|pending|pending review|pending publish|review|in review|under review|ready for review
        |needs review|submitted|held|on hold|scheduled|future|timed|queued|upcoming|embargo|embargoed
        |private|secret|confidential|internal|restricted|protected|classified|password|password protected
        |only me|just me|me|direct|nobody|no one|unpublished|not published|do not publish|depublished
        |not public|nonpublic|archived|expired|disabled|inactive|trash|trashed|deleted|removed|withdrawn
        |rejected|skip|retired|borrador|en borrador|en curso|sin terminar|pendiente|pendiente de revisión
        |en revisión|por revisar|en espera|programado|programada|en cola|embargado|embargada|privado|privada
        |secreto|secreta|confidencial|interno|interna|restringido|restringida|reservado|reservada|protegido
        |protegida|protegida con contraseña|sólo yo|no publicado|no publicada|sin publicar|despublicado
        |despublicada|inédito|archivado|archivada|caducado|caducada|desactivado|desactivada|papelera
        |eliminado|eliminada|retirado|retirada|rechazado|rechazada|nadie|rascunho|em curso|em andamento
        |inacabado|pendente|pendente de revisão|em revisão|aguardando revisão|agendado|agendada|restrito
        |restrita|protegido por senha|só eu|não publicado|não publicada|arquivado|arquivada|expirado
        |expirada|desativado|desativada|lixo|lixeira|excluído|excluída|removido|removida|rejeitado|rejeitada
        |ninguém|brouillon|en cours|inachevé|ébauche|en attente|en attente de relecture|à relire
        |en relecture|planifié|planifiée|programmé|programmée|sous embargo|privé|privée|confidentiel
        |confidentielle|interne|restreint|restreinte|protégé|protégée|protégé par mot de passe|non publié
        |non publiée|dépublié|dépubliée|archivé|archivée|expiré|expirée|désactivé|désactivée|corbeille
        |supprimé|supprimée|retiré|retirée|rejeté|rejetée|personne|Entwurf|in Arbeit|unfertig|ausstehend
        |ausstehender Review|in Prüfung|zur Prüfung|geplant|eingeplant|gesperrt|privat|geheim|vertraulich
        |intern|eingeschränkt|geschützt|passwortgeschützt|nur ich|unveröffentlicht|nicht veröffentlicht
        |nicht öffentlich|archiviert|abgelaufen|deaktiviert|Papierkorb|gelöscht|zurückgezogen|abgelehnt
        |niemand|bozza|in corso|incompleto|in attesa|in attesa di revisione|in revisione|da rivedere
        |programmato|programmata|pianificato|pianificata|sotto embargo|privato|privata|segreto|segreta
        |riservato|riservata|confidenziale|ristretto|protetto|protetta|protetto da password|non pubblicato
        |non pubblicata|archiviato|archiviata|scaduto|scaduta|disattivato|disattivata|cestino|eliminato
        |eliminata|rimosso|rimossa|ritirato|ritirata|rifiutato|rifiutata|esborrany|en curs|inacabat|pendent
        |pendent de revisió|en revisió|programat|restringit|protegit|no publicat|sense publicar|arxivat
        |caducat|desactivat|paperera|eliminat|retirat|en curso|pendente de revisión|segredo|restrinxido
        |protexido|non publicado|sen publicar|concept|privé|utkast|kladde|szkic|prywatny|черновик|приватный
        |личное|taslak|gizli|下書き|非公開|草稿|私密|私人
        |team only|friends only|family only|sólo miembros|sólo socios|sólo suscriptores|sólo equipo|sólo amigos
        |sólo familia|só membros|só assinantes|só sócios|apenas membros|apenas assinantes|réservé aux membres
        |réservé aux abonnés|membres seulement|abonnés seulement|nur Mitglieder|nur für Mitglieder
        |nur Abonnenten|nur Freunde|nur Familie|solo membri|solo soci|solo abbonati|només membres|només socis
        |només subscriptors|só subscritores""",
}
_MEANINGS: dict[str, str] = {word: meant for meant, words in _VALUES.items() for word in _texts(words)}


# --- kinds of keys


class Kind(NamedTuple):
    """What each kind of value says under a key.

    Each is "public", "draft", "hidden", "noindex", "unmapped" or "error". `takes` is "scheduled" or "expired"
    where a date is a value. `is_loose` where a key has other meanings, but for what begins like a date. `own`
    decides alone. `some` is for the names of circles such as members, which else count as `draft`.
    """

    yes: str
    no: str
    other: str
    nothing: str = "public"
    draft: str = "draft"
    hidden: str = "hidden"
    public: str = "public"
    takes: str = ""
    is_date: bool = False
    is_loose: bool = False
    own: Callable[[str, str], str] | None = None
    some: str = ""

    def by(self, meant: str) -> str:
        """Return what a value with this meaning says."""
        if meant == "featured":
            return "highlighted" if self is STATUS else self.public
        if meant == "some":
            return self.some or self.draft
        return str(getattr(self, meant))


def _of_permalink(text: str, _meant: str) -> str:
    return "draft" if text.strip().lower() in {"false", "no", "off"} else "public"


def _of_robots(text: str, _meant: str) -> str:
    words = set(re.split(r"[\s,;]+", text.lower()))
    return "public" if words.isdisjoint({"noindex", "none"}) else "noindex"


def _of_type(text: str, _meant: str) -> str:
    return "draft" if folded(text) in _TYPES_OF_DRAFTS else "public"


def _of_layout(text: str, _meant: str) -> str:
    return "draft" if folded(text) in _DRAFT_IN_MANY_LANGUAGES else "public"


def _of_visibility(text: str, meant: str) -> str:
    """How far one sees on a mountain is also told by this word."""
    if meant == "other" and (text.strip()[:1].isdecimal() or folded(text) in _WEATHER):
        return "public"
    return _BY_VISIBILITY.by(meant)


def _of_render(text: str, meant: str) -> str:
    return "draft" if meant == "no" or folded(text) in {"never", "link"} else "public"


def _of_list(text: str, meant: str) -> str:
    return "hidden" if meant == "no" or folded(text) in {"never", "local"} else "public"


def _of_login(_text: str, meant: str) -> str:
    return "public" if meant in {"no", "nothing"} else "draft"


def _of_slip(_text: str, meant: str) -> str:
    return "draft" if meant in {"yes", "draft"} else "public"


def _of_slip_of_publish(_text: str, meant: str) -> str:
    return "draft" if meant in {"no", "draft"} else "public"


_DRAFT_IN_MANY_LANGUAGES = frozenset(_texts("draft|borrador|rascunho|brouillon|Entwurf|bozza|esborrany"))
_TYPES_OF_DRAFTS = _DRAFT_IN_MANY_LANGUAGES | frozenset(
    _texts("drafts|scheduled|autosave|auto-draft|private|privado|unpublished")
)
_WEATHER = frozenset(
    _texts("""good|poor|low|high|reduced|moderate|excellent|bad|clear|fair|limited|buena|mala|baja|alta
        |reducida|regular|boa|má|baixa|reduzida|bonne|mauvaise|faible|réduite|gut|schlecht|mäßig|gering|hoch
        |buona|cattiva|scarsa|bassa|ridotta|bona|dolenta|reduïda""")
)

_DRAFT = Kind("draft", "public", "error", hidden="draft")
_PRIVATE = Kind("draft", "public", "draft", hidden="draft", takes="scheduled")
_MAYBE_PRIVATE = Kind("draft", "public", "public", takes="scheduled")
PASSWORD = Kind("draft", "public", "draft", hidden="draft", public="draft")
PUBLISH = Kind("public", "draft", "error", nothing="draft", takes="scheduled")
PUBLISH_TOO = Kind("public", "draft", "draft", nothing="draft", takes="scheduled")
_PUBLIC = Kind("public", "draft", "public", takes="scheduled")
_PUBLIC_OR_AUDIENCE = Kind("public", "draft", "public", takes="scheduled", some="public")
STATUS = Kind("error", "error", "error", takes="scheduled")
_STATE = Kind("public", "public", "public", some="public")
_ACCESS = Kind("public", "draft", "public")
_PRIVACY = Kind("public", "public", "public")
_BY_VISIBILITY = Kind("public", "draft", "draft")
_VISIBILITY = Kind("", "", "draft", own=_of_visibility)
_HIDDEN = Kind("hidden", "public", "error")
_HIDDEN_TOO = Kind("hidden", "public", "hidden")
_HIDE = Kind("hidden", "public", "public")
_LISTED = Kind("public", "hidden", "hidden")
_ARTICLE = Kind("public", "hidden", "public", draft="public", hidden="public")
_ENABLED = Kind("public", "draft", "public", draft="public", hidden="public")
_SINCE = Kind("draft", "public", "draft", takes="scheduled")
_PERHAPS_SINCE = Kind(
    "draft", "public", "public", draft="public", hidden="public", takes="scheduled", is_loose=True
)
_PUBLISHED_AT = Kind("public", "draft", "public", nothing="draft", takes="scheduled", is_loose=True)
_PUBLISH_DATE = Kind(
    "error", "error", "error", "error", "error", "error", "error", takes="scheduled", is_date=True
)
DATE_ABROAD = Kind("public", "public", "public", draft="public", hidden="public", takes="scheduled")
_UNTIL = Kind("draft", "public", "draft", takes="expired")
EXPIRES = Kind("error", "public", "error", "public", "error", "error", "error", takes="expired", is_date=True)
_PERHAPS_UNTIL = Kind(
    "public", "public", "public", draft="public", hidden="public", takes="expired", is_loose=True
)
_GONE = Kind("draft", "public", "draft", hidden="draft", takes="expired")
_DISABLED = Kind("draft", "public", "public", draft="public")
WANT_DATES = (PUBLISH, PUBLISH_TOO, _SINCE, _PUBLISHED_AT, _UNTIL, _GONE)
_PERMALINK = Kind("", "draft", "public", own=_of_permalink)
_TYPE = Kind("", "", "public", own=_of_type)
_LAYOUT = Kind("", "", "public", own=_of_layout)
_RENDER = Kind("public", "draft", "public", own=_of_render)
_LIST = Kind("public", "hidden", "public", own=_of_list)
_LOGIN = Kind("draft", "public", "draft", own=_of_login)
_INDEX = Kind("public", "noindex", "public", draft="public", hidden="public")
_ROBOTS = Kind("", "", "public", own=_of_robots)
NOINDEX = Kind("noindex", "public", "error", draft="error", hidden="error", public="error")
_NOINDEX_TOO = Kind("noindex", "public", "noindex")
_SITEMAP = Kind("public", "unmapped", "public", draft="public", hidden="public")
_UNMAPPED = Kind("unmapped", "public", "public", draft="public", hidden="public")
_SLIP = Kind("draft", "public", "public", own=_of_slip)
_SLIP_OF_HIDDEN = Kind("hidden", "public", "public", draft="public")
_SLIP_OF_PUBLISH = Kind("public", "draft", "public", own=_of_slip_of_publish)
GROUP = Kind("public", "public", "public")
OF_SECTIONS = (_DRAFT, _PRIVATE, _MAYBE_PRIVATE, PASSWORD, PUBLISH, PUBLISH_TOO, _PUBLIC, STATUS, _VISIBILITY)
"""What `_index.md` says of its whole section, as in Zola; all else is about the page of the section."""


# --- keys

_KEYS: tuple[tuple[Kind, str], ...] = (
    (_DRAFT, "draft"),
    (
        _PRIVATE,
        """is draft|drafts|save as draft|hide from public
        |ignore post|ignore publish|wip|work in progress|unfinished|unpublished
        |not published|do not publish|no publish|_draft|_hidden|headless|encrypt|encrypted|private
        |is private|confidential|internal|secret|restricted|classified|sensitive|embargoed|not public
        |borrador|es borrador|no publicado|no publicada|sin publicar|no publicar|inédito|privado|privada
        |es privado|confidencial|interno|interna|secreto|secreta|restringido|restringida|reservado|reservada
        |cifrado|cifrada|embargado|embargada|sin terminar|rascunho|é rascunho|não publicado|não publicada
        |não publicar|restrito
        |restrita|brouillon|est brouillon|non publié|non publiée|ne pas publier|privé|privée|confidentiel
        |confidentielle|interne|restreint|restreinte|chiffré|inachevé|Entwurf|ist Entwurf|unveröffentlicht
        |nicht veröffentlichen|nicht veröffentlicht|privat|vertraulich|intern|geheim|verschlüsselt|unfertig
        |bozza|è bozza|non pubblicato|non pubblicata|non pubblicare|privato|privata|confidenziale|riservato
        |riservata|segreto|segreta|cifrato|inacabado|esborrany|no publicat|no publicada|restringit|inacabat
        |non publicado|non publicar|segredo|restrinxido|utkast|kladde|szkic|черновик|taslak|下書き|非公開
        |草稿|私密""",
    ),
    (
        _MAYBE_PRIVATE,
        """members only|subscribers only|paid only|premium|paywall|paywalled|exclusive|login required
        |requires login|password protected|protected|sólo miembros|solo socios|sólo suscriptores|de pago
        |protegido|protegida|só membros|só assinantes|pago|en curso|réservé aux membres|réservé aux abonnés
        |payant|protégé|protégée|nur Mitglieder|nur Abonnenten|kostenpflichtig|geschützt|passwortgeschützt
        |in Arbeit|solo membri|solo abbonati|a pagamento|protetto|protetta|només membres|només subscriptors
        |só subscritores""",
    ),
    (
        PASSWORD,
        """password|post password|passphrase|passcode|dg password|allowed role|allowed roles|allowed user
        |allowed users|contraseña|clave de acceso|senha|palavra-passe|mot de passe|Passwort|Kennwort
        |parola d'ordine|contrasenya|contrasinal""",
    ),
    (PUBLISH, "publish|published"),
    (
        PUBLISH_TOO,
        """dg publish|is published|to publish|publicar|publicado|publicada|está publicado|publier|publié
        |publiée|est publié|veröffentlichen|publizieren|veröffentlicht|publiziert|ist veröffentlicht
        |pubblica|pubblicare|pubblicato|pubblicata|è pubblicato|publicat""",
    ),
    (_PUBLIC, "public|is public|publique|öffentlich"),
    (_PUBLIC_OR_AUDIENCE, "público|pública|es público|pubblico"),
    (STATUS, "status"),
    (
        Kind("public", "draft", "draft", takes="scheduled"),
        """post status|publish status|publication status|workflow status|_status|estado de publicación
        |estado de publicação|statut de publication|Veröffentlichungsstatus|stato di pubblicazione
        |estat de publicació""",
    ),
    (
        _STATE,
        """state|workflow state|workflow|stage|classification|sensitivity|confidentiality|estado|situação|statut
        |état|Zustand|stato|estat|clasificación|confidencialidad|classificação|confidencialidade
        |confidentialité|Vertraulichkeit|Klassifizierung|classificazione|riservatezza|classificació
        |confidencialitat""",
    ),
    (_PRIVACY, "privacy|privacidad|privacidade|vie privée|Privatsphäre|privacitat"),
    (
        _VISIBILITY,
        """visibility|post visibility|visibilidad|visibilidade|visibilité|Sichtbarkeit|visibilità
        |visibilitat""",
    ),
    (
        _ACCESS,
        """access|access level|audience|visible to|visible for|acceso|audiencia
        |acesso|audiência|accès|Zugang|Zugriff|accesso|accés""",
    ),
    (_TYPE, "type|tipo|Typ|post type"),
    (_LAYOUT, "layout"),
    (_PERMALINK, "permalink|url|path"),
    (_HIDDEN, "hidden|unlisted"),
    (
        _HIDDEN_TOO,
        """is hidden|not listed|public draft|email only|eleventy exclude from collections|exclude from blog
        |exculde from blog|delisted|delist|exclude from collections|oculto|oculta|escondido|escondida
        |no listado|no listada|não listado|caché|cachée|masqué|masquée|non répertorié|non listé|versteckt
        |verborgen|ausgeblendet|nicht gelistet|ungelistet|nascosto|nascosta|non elencato|non in elenco|ocult
        |amagat|no llistat|agochado|non listado|dold|skjult|ukryty""",
    ),
    (
        _HIDE,
        """hide|dg hide|ocultar|esconder|cacher|masquer|verstecken|ausblenden|nascondi|nascondere|amagar
        |agochar""",
    ),
    (
        _LISTED,
        "listed|discoverable|make discoverable|_discoverable|indexed|listado|répertorié|listé|gelistet|elencato",
    ),
    (_ARTICLE, "article"),
    (_RENDER, "build"),
    (_ENABLED, "enabled|routable|ready to publish|publishable|make public|show on site|visible to public"),
    (_RENDER, "render"),
    (_PUBLISH_DATE, "publish date|pub date"),
    (
        _SINCE,
        """publishing date|publication date|publish on|publish at|publish from|publish after|publish up
        |embargo|embargo until|embargoed until|embargo date|not before|go live|goes live|release at
        |private until|hidden until|draft until|scheduled|scheduled at|scheduled for|fecha de publicación
        |fecha publicación|publicar el|embargado hasta|programado para|data de publicação|publicar em
        |embargado até|agendado para|date de publication|publier le|sous embargo jusqu'au|planifié pour
        |Veröffentlichungsdatum|Erscheinungsdatum|veröffentlichen am|Sperrfrist|gesperrt bis|geplant für
        |data di pubblicazione|pubblica il|embargo fino al|programmato per|data de publicació|embargament
        |programat per a|data de publicación|publicar o""",
    ),
    (
        _PUBLISHED_AT,
        """published date|date published
        |published at|published on|post date|posted at|posted on|publicado el|publicado em
        |publié le|veröffentlicht am|pubblicato il|publicat el|publicado o""",
    ),
    (
        _PERHAPS_SINCE,
        """schedule|live at|available from|visible from|disponible desde|visible desde|disponível a partir de
        |disponible à partir du|verfügbar ab|sichtbar ab|disponibile dal|disponible des de|dispoñible desde
        |programado|programada|agendado|agendada|planifié|planifiée|programmé|programmée|geplant|eingeplant
        |programmato|programmata|pianificato|pianificata|programat""",
    ),
    (DATE_ABROAD, "fecha|data|Datum"),
    (EXPIRES, "expires|expiry date|unpublish date"),
    (
        _UNTIL,
        """unpublish|depublish|despublicar|dépublier
        |expiration date|expiration|expiry|expire date|date expires
        |expires at|expires on|expire|expired|expired at|unpublish on|unpublish at
        |publish down|publish until|archive date|visible until|public until|remove on|remove at|delete on
        |fecha de caducidad|fecha de expiración|caduca|caduca el|expira|visible hasta|despublicar el
        |data de expiração|data de validade|expira em|visível até|despublicar em|date d'expiration|expire le
        |visible jusqu'au|dépublier le|Ablaufdatum|läuft ab|läuft ab am|sichtbar bis|data di scadenza|scade
        |scade il|visibile fino al|data de caducitat|visible fins a|data de caducidade|visible ata""",
    ),
    (_PERHAPS_UNTIL, "valid until|available until|disponible hasta|verfügbar bis"),
    (
        _GONE,
        """trashed|deleted|removed|withdrawn|depublished|eliminado|eliminada|retirado|retirada|despublicado
        |despublicada|excluído|excluída|removido|removida|supprimé|supprimée|retiré|retirée|dépublié
        |dépubliée|gelöscht|zurückgezogen|rimosso|rimossa|ritirato|ritirata|eliminato|eliminata""",
    ),
    (_DISABLED, "on hold|disabled|desactivado|desativado|désactivé|deaktiviert|disattivato"),
    (NOINDEX, "noindex"),
    (_NOINDEX_TOO, "robots no index|seo noindex"),
    (_ROBOTS, "robots|meta robots"),
    (_SITEMAP, "sitemap"),
)  # fmt: skip
_WORDS: Mapping[str, Kind] = {word: kind for kind, words in _KEYS for word in _texts(words)}
_OF_BUILD = {"render": _RENDER, "list": _LIST}
_OF_SEO = {"noindex": _NOINDEX_TOO, "index": _INDEX, "robots": _ROBOTS}
ANY: Mapping[str, Kind] = {}
"""Whatever is a word of its own is one in this group too."""
TABLES: Mapping[str, Mapping[str, Kind]] = {
    "build": _OF_BUILD,
    "permalink": {"build": _PERMALINK},
    "eleventycomputed": ANY,
    "access": {"sitelogin": _LOGIN},
    "viewbag": {"ishidden": _PRIVATE, "hidden": _PRIVATE},
    "seo": _OF_SEO,
    "robots": _OF_SEO,
    "sitemap": {"disable": _UNMAPPED, "exclude": _UNMAPPED, "ignore": _UNMAPPED},
    **dict.fromkeys(("params", "extra", "meta", "metadata", "custom", "attributes", "frontmatter", "fields"), ANY),
    **dict.fromkeys(("options", "page", "post", "publishing"), ANY),
    **dict.fromkeys(("eleventy", "ghost", "hugo", "jekyll", "quarto", "wordpress", "wp"), ANY),
}
"""Groups of keys, and the words in them: Hugo, Eleventy, Grav, October, plugins for search engines, themes."""
_DOTTED: Mapping[str, Kind] = {
    f"{group}{name}": kind for group, words in TABLES.items() for name, kind in words.items()
}

_PRIVATELY = """private|privado|privada|prive|privee|privat|privato|privata|confidential|confidencial
        |confidentiel|confidentielle|vertraulich|confidenziale|secret|secreto|secreta|segreto|segreta
        |segredo|geheim|restricted|restringido|restrito|restreint|classified|reservado|riservato|embargoed
        |unpublished|offtherecord|nda|sensitive|internal|interno|interna|interne|intern"""
_CIRCLES = """staff|team|members?|subscribers?|family|friends|patrons|supporters|editors?|admins?|board
        |employees|insiders|invites?|invited|guests?|miembros|socios|suscriptores|amigos|familia|equipo|membros|assinantes
        |membres|abonnes|mitglieder|abonnenten|membri|abbonati"""
_ONLY = "only|solo|so|seulement|nur|uniquement|exclusively|apenas"
_SELF = "me|us|myself|ourselves|mi|mim|moi|mich|nosotros|nous|uns|noi|meineaugen|misojos|myeyes|oureyes"
_NOT = """not|no|non|nicht|nao|donot|dont|never|nunca|nepas|anepas|sin|todaviano|aunno|aindanao|pasencore|nochnicht
        |nonancora"""
_PUBLIC_WORDS = """public|publish|published|publishing|publication|publicar|publicado|publicada|publica
        |publier|publie|publizieren|veroffentlichen|veroffentlicht|oe?ffentlich|oe?ffentlichkeit|publik
        |pubblicare|pubblicato|ready|forrelease"""
_SPREAD = """difundir|divulgar|compartir|reenviar|compartilhar|partager|diffuser|divulguer|teilen|weitergeben
        |verbreiten|divulgare|diffondere|condividere"""
_SPREAD_IN_ENGLISH = "share|sharing|distribute|distribution|circulate|circulation|disseminate|dissemination"
_BEFORE = """is|be|keep|kept|stay|mark|marked|as|the|this|post|page|article|for|to|strictly|highly|top|still
        |es|est|ist|e|esta|uso|usage|utilisation|gebrauch|zum|ad|en|para|pour|a|strictement|estrictamente
        |estritamente|strettamente|streng|absolutamente|totalmente|nur|solo|seulement|apenas|exclusivamente"""
_AFTER = """only|strictly|yet|until|post|page|article|entry|flag|mode|for|to|be|use|entrada|articulo|artigo
        |articolo|artikel|beitrag|todavia|aun|ainda|encore|noch|ancora"""
_SOUNDS = re.compile(
    rf"""(?:{_BEFORE}){{0,3}}(?:(?:{_PRIVATELY})|(?:{_ONLY})(?:for|para|pour|fur|per)?(?:{_CIRCLES})
        |(?:{_CIRCLES})(?:{_ONLY})|(?:{_NOT})(?:yet|for|to|be|tobe|para|pour|zu
        |fur|fuer|die|the|el|le|al|ao|da){{0,3}}?(?:{_PUBLIC_WORDS})
        |(?:{_ONLY}|just)(?:for|para|pour|fur|fuer|per)(?:{_SELF})|(?:for)?(?:my|your|our)?eyesonly
        |(?:{_NOT})(?:para|pour|zu)?(?:{_SPREAD})|(?:donot|dont|never|notfor|notto)(?:{_SPREAD_IN_ENGLISH})
        )(?:{_AFTER}){{0,3}}""",
    re.VERBOSE,
)
"""The whole key sounds private: `internal_use_only`, `not_for_publication`; `internal_notes` does not."""
_LONGEST_KEY = 60
_SLIPS = (
    (_SLIP, ("draft", "private", "borrador", "privado", "privada", "rascunho", "brouillon", "entwurf")),
    (_SLIP_OF_HIDDEN, ("hidden", "unlisted", "oculto")),
    (_SLIP_OF_PUBLISH, ("publish", "published", "publicado")),
)


@lru_cache(maxsize=8192)
def kind_of(key: str) -> Kind | None:
    """Return what a key of a head is about; None for one that says nothing of who may see a text."""
    if len(key) > _LONGEST_KEY:
        return None
    key = key if key.isascii() else as_seen(key)
    name = folded(key)
    if key.lstrip().startswith("_") and (kind := _WORDS.get(f"_{name}")):
        return kind
    if kind := _WORDS.get(name) or _DOTTED.get(name):
        return kind
    if name in TABLES:
        return GROUP
    if _SOUNDS.fullmatch(name):
        return _PRIVATE
    return next((kind for kind, words in _SLIPS for word in words if _is_slip(name, word)), None)


def _is_slip(name: str, word: str) -> bool:
    """Whether one letter of a word was left out or typed twice, or two changed their places."""
    if abs(len(name) - len(word)) > 1 or name[:1] != word[0]:
        return False
    if len(name) == len(word):
        differs = [place for place, letter in enumerate(word) if name[place] != letter]
        return len(differs) == 2 and differs[1] == differs[0] + 1 and sorted(name) == sorted(word)
    longer, shorter = (name, word) if len(name) > len(word) else (word, name)
    places = [place for place in range(1, len(longer)) if longer[:place] + longer[place + 1 :] == shorter]
    return any(
        longer is word or longer[place] in longer[place - 1 : place] + longer[place + 1 : place + 2]
        for place in places
    )
