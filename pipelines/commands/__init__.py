"""The pipelines' commands; the `augment` group finds them through the `augment.commands` entry points."""

from pipelines.commands.demo import command as demo
from pipelines.commands.figures import command as figures
from pipelines.commands.report import command as report
from pipelines.commands.table1 import command as table1
from pipelines.commands.table2 import command as table2
from pipelines.commands.table3 import command as table3
from pipelines.commands.table4 import command as table4
from pipelines.commands.table5 import command as table5

__all__ = ["demo", "figures", "report", "table1", "table2", "table3", "table4", "table5"]
