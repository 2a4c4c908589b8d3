"""Pages of API lists."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Pages that stay right while rows are added; newest first."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
