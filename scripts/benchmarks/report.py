"""How results are printed: a line for each thing measured, its ratio, and whether what is wanted is reached."""
import math
import statistics

median = statistics.median


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def milliseconds(name, ours, peer, peer_name, limit):
    """Corral beside one other thing that does the same."""
    ratio = median(ours) / median(peer)
    print(f"{name}: corral {median(ours):.1f} ms, {peer_name} {median(peer):.1f} ms, "
          f"ratio {ratio:.2f} (wanted: at most {limit}), {len(ours)} and {len(peer)} runs", flush=True)


def slope(name, taken, unit, limit):
    """What each one more costs, between the first two sizes and the last two: twice as much is no line any more."""
    print(f"{name}: " + ", ".join(f"{size} in {cost:.1f} ms" for size, cost in taken), flush=True)

    def between(first, second):
        return (second[1] - first[1]) / (second[0] - first[0]) * 1e3

    fewest, most = between(taken[0], taken[1]), between(taken[-2], taken[-1])
    whole = between(taken[0], taken[-1])
    print(f"{name}: {whole:.1f} us a {unit} more; {fewest:.1f} at first and {most:.1f} at last, "
          f"ratio {most / fewest:.2f} (wanted: at most {limit})", flush=True)


def title(text):
    print(f"\n{text}", flush=True)


def row(name, *columns):
    print(f"  {name:<40}" + "".join(f"{column:>14}" for column in columns), flush=True)


def wanted(text, value, limit, at_least=False):
    """A mark, and whether it is reached."""
    is_reached = value >= limit if at_least else value <= limit
    bound = "at least" if at_least else "at most"
    print(f"  {'reached' if is_reached else 'MISSED '}  {text}: {value:.2f} (wanted: {bound} {limit:.2f})", flush=True)


def note(text):
    print(f"           {text}", flush=True)
