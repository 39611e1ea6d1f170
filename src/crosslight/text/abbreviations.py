"""Words whose full stop ends no sentence: English, French and German. Data, for ``segment``.

A word that is as likely to end a sentence (etc., usw., Inc., p.m.) is left out: a capital after it
then decides. Single letters (initials, z. B., d. h.) and German streets (Hauptstr. 7) need no
entry, and each also counts with a capital first letter.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name, a noun or an example follows.
BEFORE_NAMES = _words(
    """
    Mr Mrs Ms Messrs Mx Dr Drs Prof Rev Hon Gen Col Maj Capt Cpt Lt Sgt Cpl Adm Gov Sen Rep Pres St Mt
    vs viz cf al approx e.g i.e eg ie U.S U.K U.N
    MM Mme Mmes Mlle Mlles Me Mgr Ste Sts Vve av bd boul tél env hab c.-à-d c-à-d p.ex
    Hr Hrn Fr Frl Dipl Ing Mag Hl Msgr bzw bspw bsp vgl ca evtl ggf inkl exkl sog resp zzgl abzgl
    Mio Mrd Tsd Hrsg geb gest z.B z.b d.h d.H u.a u.U z.T i.d.R v.a s.o s.u o.ä Ph.D B.A M.A
    """
)

# A number follows: without one, "no." and "Art." can end a sentence.
BEFORE_NUMBERS = _words(
    """
    no nos nr art Abs Abb kap Bd Ziff tel pp vol fig figs eq sec ch chap tab ed Aufl n° réf ref
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Okt Dez janv févr avr juil déc
    """
)

# German writes "der 3. Mai", "im 20. Jahrhundert": a number, a full stop, a capital, one sentence.
MONTHS = _words(
    """
    Januar Jänner Februar Feber März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Nov Dez
    """
)
ORDINAL_ARTICLES = _words(
    """
    der die das den dem des am im vom zum zur beim ab bis seit und
    ein eine einen einem einer eines mein meine meinen meinem meiner sein seine seinen seinem seiner
    ihr ihre ihren ihrem ihrer unser unsere unseren unserem unserer jeder jede jedes jeden jedem
    """
)
