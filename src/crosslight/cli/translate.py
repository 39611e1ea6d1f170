"""`crosslight translate`: lines in, translated lines out."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from crosslight.errors import ConfigError


def translate(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle, a finished run, or fr-en: the model that comes with Crosslight.")
    ],
    texts: Annotated[
        list[str] | None, typer.Argument(help="What to translate, instead of --input; by torch, at once.")
    ] = None,
    input_: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            help="Text file, or document (.md, .html, .srt, .docx) that keeps its form; `-` is a pipe.",
        ),
    ] = "-",
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to write; `-` is standard output.")
    ] = "-",
    beam: Annotated[
        int | None, typer.Option(help="Hypotheses kept at each step; 1 is greedy and fastest.")
    ] = None,
    alpha: Annotated[float | None, typer.Option(help="Length penalty; larger means longer.")] = None,
    n_best: Annotated[
        int,
        typer.Option(
            min=1,
            help="Write this many lines for each line, best first; empty where there are fewer. A beam that "
            "is not given is at least as wide.",
        ),
    ] = 1,
    engine: Annotated[
        str,
        typer.Option(
            help="torch, ctranslate2 (faster, the same text), int8 (ctranslate2 with weights of one byte: "
            "faster still, now and then another word), or auto: ctranslate2 where it can be had."
        ),
    ] = "auto",
    *,
    with_: Annotated[
        list[Path] | None, typer.Option("--with", help="Another bundle that translates together with it.")
    ] = None,
    reverse: Annotated[
        Path | None,
        typer.Option(help="A bundle of the other direction, that chooses among what the beam holds."),
    ] = None,
    reverse_weight: Annotated[
        float | None, typer.Option(min=0, help="How much the other direction counts (0.2 unless given).")
    ] = None,
    terms: Annotated[
        Path | None,
        typer.Option(help="File of source term TAB target forms (a|b); `!` before them forbids them."),
    ] = None,
    protect: Annotated[
        list[str] | None, typer.Option(help="A text that is carried over as it is; repeatable.")
    ] = None,
    protect_literals: Annotated[
        bool,
        typer.Option("--protect-literals", help="Carry addresses, placeholders, formats and tags over."),
    ] = False,
    prefix: Annotated[
        str, typer.Option(help="How every translation begins; each line must be one sentence.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another setting of [decode], such as no_repeat=3."),
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="Put each translation's score and a TAB before it.")
    ] = False,
    alignments: Annotated[
        Path | None,
        typer.Option(
            help="Also write which words belong together, a line for each line: 0-0 1-2 ..., source first."
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Name lines that are less sure on standard error; needs `crosslight calibrate`.",
        ),
    ] = None,
    withhold: Annotated[
        bool, typer.Option("--withhold", help="Leave lines below --min-confidence empty.")
    ] = False,
) -> None:
    """Translate a text, line by line, or a document. Empty lines stay empty; a pipe is answered as it comes.

    crosslight translate fr-en "Jane visite l'Afrique en septembre."
    crosslight translate runs/mine < new.fr > new.en
    crosslight translate fr-en --input report.docx --output report.en.docx
    """
    from crosslight.cli.output import put, results
    from crosslight.cli.train import decode_settings
    from crosslight.tasks.alignments import alignment_head, with_links
    from crosslight.tasks.confidence import load_confidence, with_confidence
    from crosslight.tasks.document import is_document, translate_file
    from crosslight.tasks.terms import report_failures, wanted
    from crosslight.tasks.translate import (
        LINES_AT_ONCE,
        load,
        load_for_files,
        n_lines,
        translate_blocks,
    )
    from crosslight.text.arriving import line_blocks
    from crosslight.text.links import pharaoh

    if alignments and str(alignments) == output:
        raise ConfigError(
            f"--alignments and --output are both {output}", "give two files, one for the translations"
        )
    if withhold and min_confidence is None:
        raise ConfigError("--withhold has no limit", "say below what: --withhold --min-confidence 0.5")
    settings: dict[str, Any] = {
        **{name: value for name, value in (("beam", beam), ("alpha", alpha)) if value is not None},
        **decode_settings(set_ or []),
        **({"terms": glossary} if (glossary := wanted(terms, protect or (), protect_literals)) else {}),
        **({"prefix": prefix} if prefix else {}),
    }
    others: dict[str, Any] = {
        "partners": with_ or (),
        "reverse": reverse,
        **({"reverse_weight": reverse_weight} if reverse_weight is not None else {}),
    }
    if not texts and is_document(input_):
        _require_document_options(
            input_,
            output,
            {
                "--n-best": n_best != 1,
                "--scores": scores,
                "--alignments": bool(alignments),
                "--prefix": bool(prefix),
                "--min-confidence": min_confidence is not None,
            },
        )
        translator = load_for_files(bundle, engine, **others)
        put(output, translate_file(translator, Path(input_), say=_say, **settings))
        return
    if texts:
        _require_texts(texts, input_)
        # A few words are translated sooner than the model is converted for another engine.
        translator = load(bundle, 1, "torch" if engine == "auto" else engine, **others)
        blocks: Iterator[list[str]] = iter([texts])
        is_awaited, is_shown = False, False
    else:
        translator = load_for_files(bundle, engine, **others)
        blocks, is_awaited = line_blocks(input_, LINES_AT_ONCE)
        is_shown = input_ != "-" or not sys.stdin.isatty()
    found_all = translate_blocks(translator, blocks, n_lines(input_), is_shown, n_best=n_best, **settings)
    if min_confidence is not None:
        confidence = load_confidence(translator.bundle)
        found_all = with_confidence(translator.bundle, confidence, found_all)
    if alignments:
        found_all = with_links(translator.bundle, alignment_head(translator.bundle), found_all)
    with results(output) as out, results(str(alignments)) if alignments else nullcontext() as links_out:
        warned = report_failures(chain.from_iterable(found_all), _say)
        for line, best in enumerate(warned, start=1):
            found = (best, *best.alternatives)
            if best.confidence is not None and best.confidence < (min_confidence or 0):
                print(f"line {line}: confidence {best.confidence:.2f}: {best.text}", file=sys.stderr)
                found = () if withhold else found
            for translation in found:
                out.write(f"{translation.score:.4f}\t" * scores + f"{translation.text}\n")
            out.write("\n" * (n_best - len(found)))
            if links_out:
                links_out.write(f"{pharaoh(best.links or ()) if found else ''}\n")
            if is_awaited:
                out.flush()


def _require_texts(texts: list[str], input_: str) -> None:
    """Return if what was given to translate is text."""
    from crosslight.tasks.translate import is_file

    if input_ != "-":
        raise ConfigError(f"there are texts and --input {input_}", "give one of the two")
    if files := [text for text in texts if is_file(text)]:
        raise ConfigError(f"{files[0]} is a file", f"translate its lines with: --input {files[0]}")


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _require_document_options(input_: str, output: str, line_options: dict[str, bool]) -> None:
    """Return if a document can be translated with these options."""
    if given := [name for name, is_given in line_options.items() if is_given]:
        raise ConfigError(
            f"{given[0]} is for lines, and {input_} is a document",
            "leave it out, or save the document as .txt",
        )
    ending = Path(input_).suffix.lower()
    if output == "-":
        if ending == ".docx":
            raise ConfigError(f"{input_} is no text to print", "say where to write it: --output new.docx")
        return
    if Path(output).suffix.lower() != ending:
        raise ConfigError(
            f"{input_} cannot become {output}: a document keeps its form", f"let its name end in {ending}"
        )
    if Path(output).resolve() == Path(input_).resolve():
        raise ConfigError(f"--output is {input_} itself", "give another name, and keep the original")
