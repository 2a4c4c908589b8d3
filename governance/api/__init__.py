"""The API of models, audits, promotions and policies: each module below holds one area and its addresses."""

from governance.areas import modules

urls = [address for area in modules(__name__) for address in getattr(area, "urls", ())]
