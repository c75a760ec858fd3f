from knowledge.models.correction import Correction
from knowledge.models.item import Audience, Item, Kind, Layer, Topic
from knowledge.models.picture import Picture
from knowledge.models.publication import Delivered, Publication, Release, Use
from knowledge.models.search import FoundEntry, FoundWord, SearchEntry, SearchWord
from knowledge.models.upload import ArticleUpload
from knowledge.models.version import SignOff, StoreLibrary, Version

__all__ = [
    "ArticleUpload",
    "Audience",
    "Correction",
    "Delivered",
    "FoundEntry",
    "FoundWord",
    "Item",
    "Kind",
    "Layer",
    "Picture",
    "Publication",
    "Release",
    "SearchEntry",
    "SearchWord",
    "SignOff",
    "StoreLibrary",
    "Topic",
    "Use",
    "Version",
]
