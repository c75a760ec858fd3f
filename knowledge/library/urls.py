"""What of the library is asked for beside its admin: pictures, and at a store's host the articles that it runs."""

from django.urls import path

from knowledge.library import views
from knowledge.library.articles import views as read

# On an agency's host and on a store's.
everywhere = [
    path("library/pictures/<uuid:picture>/", views.picture, name="picture"),
]
# Where the library is written.
at_agency = [
    path("library/pictures/", views.add, name="add_picture"),
]
# What a store runs of it, for those who sign in at its host.
at_store = [
    path("library/", read.articles, name="seller_articles"),
    path("library/<int:item>/", read.article, name="seller_article"),
    path("library/<int:item>/correct/", read.correct, name="seller_correct"),
]
