"""`{{ message|say }}`: a stored message in the reader's language."""

from django import template

from portal.web import say as speech

register = template.Library()


@register.filter
def say(message) -> str:
    return speech.say(message)
