"""Vision: a table drawn as a spreadsheet shows it, a chart or a page read, and all of it compared with the data."""

from aifirst_dagster.proposals.vision.against import Against
from aifirst_dagster.proposals.vision.document import of_file
from aifirst_dagster.proposals.vision.preview import of_table
from aifirst_dagster.proposals.vision.sight import Sight, SightClaim

__all__ = ["Against", "Sight", "SightClaim", "of_file", "of_table"]
