"""The table in Markdown: a line a child, a column a tool, in each field the ways of ending in their order."""

UNTRIED = "–"


def markdown(children, columns, endings):
    """The whole table; `columns` has the title and the cells of each tool."""
    lines = ["| child | " + " | ".join(title for title, _ in columns) + " |", "| --- |" + " --- |" * len(columns)]
    for child in children:
        fields = [field(child, cells, endings) for _, cells in columns]
        if any(fields):
            lines.append(f"| {child.title} | " + " | ".join(text or UNTRIED for text in fields) + " |")
    return "\n".join(lines)


def field(child, cells, endings):
    """One text when all ways ended alike, else one for each, with a dash for those that were not tried."""
    found = {cell.ending: cell.text or "?" for cell in cells if cell.child == child}
    if not found:
        return ""
    texts = [found.get(ending, UNTRIED) for ending in endings]
    return texts[0] if len(set(texts)) == 1 else " · ".join(texts)
