"""`crosslight evaluate`: how good a bundle, or a file of translations, is on a test set."""

import os
from pathlib import Path
from typing import Annotated

import typer

from crosslight.errors import ConfigError


def evaluate(
    bundle: Annotated[
        Path | None, typer.Argument(help="A bundle or a finished run; none to score --hyp.")
    ] = None,
    src: Annotated[str | None, typer.Option(help="Source side of the test set.")] = None,
    ref: Annotated[
        str | None, typer.Option(help="References, or a table of source TAB reference TAB ...")
    ] = None,
    hyp: Annotated[str | None, typer.Option(help="Translations made elsewhere, instead of a bundle.")] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the bundle's translations here.")] = None,
    beam: Annotated[int | None, typer.Option(help="Hypotheses kept at each step.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Length penalty.")] = None,
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Ignore case.")] = False,
    tokenize: Annotated[str, typer.Option(help="BLEU's tokenizer: 13a, intl, zh, char, none.")] = "13a",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Score translations with sacreBLEU, signatures included.

    Of a bundle also loss and perplexity of the references, without label smoothing.

    crosslight evaluate runs/mine --src test.fr --ref test.en
    crosslight evaluate --hyp mine.en --ref test.en
    """
    import json

    from crosslight.cli.output import results
    from crosslight.tasks import translate as task
    from crosslight.tasks.likelihood import all_pairs, reference_loss

    if ref is None or (bundle is None) == (hyp is None) or (bundle is not None and src is None):
        raise ConfigError(
            "evaluate needs references, and either a bundle with a source or translations",
            "write `evaluate BUNDLE --src test.fr --ref test.en` or `evaluate --hyp out.en --ref test.en`",
        )
    settings = {name: value for name, value in (("beam", beam), ("alpha", alpha)) if value is not None}
    loss = None
    if bundle is not None and src is not None:
        references = task.references_of(src, ref)
        translator = task.load_for_files(bundle)
        with results(str(save) if save else os.devnull) as file:
            hypotheses = [t.text for t in task.translate_file(translator, src, **settings)]
            file.writelines(line + "\n" for line in hypotheses)
        loss = reference_loss(translator.bundle, all_pairs(task.lines_of(src), references))
    else:
        references = task.references_of(hyp or "", ref)
        hypotheses = task.lines_of(hyp or "")
    scores = task.score(hypotheses, references, lowercase=lowercase, tokenize=tokenize)
    found: dict[str, object] = {**scores.as_dict(), **({"loss": loss.as_dict()} if loss else {})}
    table = "\n".join([scores.table(), *([loss.table()] if loss else [])])
    with results() as stdout:
        stdout.write(json.dumps(found, indent=1) + "\n" if json_ else table + "\n")
