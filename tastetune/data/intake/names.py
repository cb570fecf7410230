"""What columns are called in public logs, in several languages, and the words that their names bring into a prompt."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import normalize

from tastetune.data.reading.tables import bare

THINGS = {
    **dict.fromkeys(("book", "isbn", "livre", "libro", "buch", "книга", "图书", "本"), ("book", "books")),
    **dict.fromkeys(("game", "juego", "spiel", "jeu", "boardgame"), ("game", "games")),
    **dict.fromkeys(("movie", "film", "pelicula", "фильм", "电影", "映画"), ("movie", "movies")),
    **dict.fromkeys(("song", "track", "cancion", "lied", "chanson", "песня", "歌曲"), ("song", "songs")),
    **{
        word: (word, f"{word}s")
        for word in ("artist", "album", "beer", "wine", "recipe", "restaurant", "joke", "hotel")
    },
    **{
        word: (word, f"{word}s")
        for word in ("article", "video", "podcast", "app", "product", "course", "place", "show")
    },
    "anime": ("anime", "anime"),
    "manga": ("manga", "manga"),
    "asin": ("product", "products"),
    "business": ("business", "businesses"),
}
"""A word in a column's name -> the prompt's words for one item and for several."""

PEOPLE = ("reader", "player", "listener", "viewer", "customer", "member", "gamer", "student", "guest", "reviewer")
"""Words for the person that a column's name may bring."""

COUNTS = (
    *("plays", "playcount", "playcounts", "listens", "listencount", "weight", "hours", "playtime", "count"),
    *("hoursplayed", "playtimeforever", "minutes", "views", "clicks"),
)
"""What a column is called that counts rather than rates."""

ROLES = {
    "user": (
        *("userid", "user", "uid", "useridx", "username", "reviewerid", "reviewer", "reviewername", "customerid"),
        *("customer", "clientid", "client", "memberid", "member", "accountid", "account", "personid", "person", "who"),
        *("visitorid", "visitor", "profileid", "profile", "steamid", "authorid", "author", "profilename", *PEOPLE),
        *("usuario", "usuarioid", "idusuario", "utilisateur", "benutzer", "nutzer", "kunde", "cliente", "utente"),
        *("пользователь", "用户", "用户id", "用户名", "ユーザー", "ユーザーid", "sessionid", "session", "deviceid"),
    ),
    "item": (
        *(
            "itemid",
            "item",
            "iid",
            "itemidx",
            "movieid",
            "productid",
            "stockcode",
            "sku",
            "contentid",
            "what",
            "id",
            "trackname",
        ),
        *(*THINGS, *(f"{thing}id" for thing in THINGS), "newsid", "venueid", "poi", "jokeid", "mealid", "parentasin"),
        *("producto", "produit", "produkt", "artikel", "articulo", "товар", "商品", "商品id", "物品", "作品"),
    ),
    "rating": (
        *("rating", "ratings", "score", "stars", "star", "rate", "overall", "grade", "points", "vote", "bookrating"),
        *(
            "reviewoverall",
            "reviewscore",
            "userrating",
            "userscore",
            "myrating",
            "starrating",
            "評価",
            "评分",
            "оценка",
        ),
        *("bewertung", "puntuacion", "calificacion", "valoracion", "nota", "note", "punteggio", "voto", "рейтинг"),
        *("preference", *COUNTS),
    ),
    "like": (
        "like",
        "liked",
        "likes",
        "islike",
        "label",
        "recommended",
        "isrecommended",
        "recommend",
        "feedback",
        "thumbs",
        "clicked",
        "isclick",
        "click",
    ),
    "time": (
        *("timestamp", "time", "datetime", "date", "when", "ts", "unixreviewtime", "reviewtime", "unixtime", "t"),
        *("createdat", "created", "ratedat", "eventtime", "dateadded", "invoicedate", "reviewdate", "day", "year"),
        *("lastupdated", "dateupdated", "posttime", "timestamps", "at", "fecha", "datum", "zeit", "zeitpunkt", "heure"),
        *("marcadetiempo", "data", "дата", "время", "时间", "日期", "日時", "日付"),
    ),
    "title": (
        *("title", "name", "titles", "booktitle", "movietitle", "productname", "songname", "trackname", "gamename"),
        *("itemname", "itemtitle", "originaltitle", "gametitle", "animetitle", "beername", "artistname", "description"),
        *("titulo", "titre", "titel", "titolo", "nombre", "nom", "nome", "название", "标题", "书名", "片名", "名称"),
        *("电影名", "題名", "タイトル", "productdescription", "restaurantname", "recipename"),
    ),
    "genres": (
        *("genres", "genre", "categories", "category", "class", "tags", "shelves", "shelf", "style", "cuisine"),
        *("genero", "generos", "kategorie", "kategorien", "categorie", "categoria", "жанр", "жанры", "类型", "分类"),
        *("ジャンル", "beerstyle", "maincategory", "subject", "subjects", "topic", "topics", "type"),
    ),
    "split": ("split", "fold", "subset", "partition"),
}
"""What a column is called that holds each of these: small letters, the likeliest first, without signs and spaces."""


_NAMES = {
    role: tuple(re.sub(r"[\W_]+", "", normalize("NFKD", name)) for name in names) for role, names in ROLES.items()
}


class Words(NamedTuple):
    """The prompt's words for one item, for several, and for the person."""

    item: str
    items: str
    user: str


def plain_name(column: str) -> str:
    """A column's name in small letters without signs and accents: `Book-Rating` and `book_rating` are `bookrating`."""
    return re.sub(r"[\W_]+", "", normalize("NFKD", bare(column))).lower()


def parts(column: str) -> list[str]:
    """The words of a column's name, in small letters: `bookId` and `book_id` are both `book` and `id`."""
    column = re.sub(r"[\u0300-\u036f]", "", normalize("NFKD", column))
    return [part.lower() for part in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])", bare(column))]


def rank(column: str, role: str) -> int | None:
    """How likely a column of this name has the role, 0 the likeliest; None where its name does not say so."""
    names = _NAMES[role]
    if plain_name(column) in names:
        return names.index(plain_name(column))
    *others, last = parts(column) or [""]
    if role in ("user", "item"):  # `src_user_id`, but not `user_age`
        last = others[-1] if last in ("id", "key", "code", "no") and others else last
    return len(names) + names.index(last) if last in names and len(last) > 2 else None


def is_count(column: str) -> bool:
    """Whether a column's name says that it counts."""
    place = rank(column, "rating")
    return place is not None and _NAMES["rating"][place % len(_NAMES["rating"])] in COUNTS


def words_of(users: Iterable[str], things: Iterable[str]) -> Words:
    """The words that the names of columns bring; `item`, `items` and `user` where they bring none."""
    spoken = [word for column in things for word in (*parts(column), plain_name(column).removesuffix("id"))]
    item, items = next((THINGS[word] for word in spoken if word in THINGS), ("item", "items"))
    user = next((word for column in users for word in parts(column) if word in PEOPLE), "user")
    return Words(item, items, user)
