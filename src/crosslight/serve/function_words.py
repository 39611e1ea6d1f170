"""The most frequent short words of some languages: a language is known by them sooner than by anything else.

They are weighted by their order, as words are in any text (Zipf): the first is written most often.
"""

WORDS = {
    "ar": "في من على إلى أن هذا لا ما هو كان التي الذي عن مع هل أنا كل بعد قبل نعم",
    "cs": "se je na že to v a s z jsem do jako ale si by pro tak co jak byl není ten mi tady dobrý "
    "den děkuji",
    "da": "og det at er jeg i en på ikke til du den som har de med for af vi et hvad hun han kan var "
    "goddag tak",
    "de": "die der und ich das ist nicht sie in es zu du ein den mit eine er wir auf was für war auch "
    "dem von haben wie hat im bin mein guten tag danke kann sind",
    "el": "και να το η ο είναι δεν με την τα για του θα που από σε της τι μου καλημέρα ευχαριστώ",
    "en": "the to of and a in is that you it he was for on are with as i his they be at this have "
    "from or had by we what she not were your can my will do hello thank good morning there me "
    "him her how",
    "es": "de la que el en y a los se no un por las una con es para me lo su mi está del al yo te más "
    "como pero qué muy ella tiene hola gracias buenos días",
    "et": "on ja ei et see ma kui oli mis ta aga ka ning oma nii tere tänan kes või olen",
    "fi": "on ja ei se että en hän minä oli mutta ovat mitä niin kun tämä ole minun olen hyvää kiitos "
    "tai joka",
    "fr": "de la le et les des est un je une à que en pas il vous ne ce qui du elle dans pour nous au "
    "tu sur plus avec mon c'est j'ai l' d' n' qu' suis sont bonjour merci très chat où",
    "he": "את לא של אני זה על הוא היא מה עם כל אתה יש אם גם היה שלום תודה",
    "hu": "a az és nem hogy van is egy ez meg de én csak volt már mit jó napot köszönöm ha mint",
    "id": "yang dan di itu tidak ini saya dia untuk dengan akan ada kamu ke dari adalah apa bisa "
    "selamat terima kasih",
    "it": "di che è e la il non un a per in una sono mi ho lo ma ha si le con cosa i ti questo come "
    "gli della buongiorno grazie molto anche",
    "ja": "の は が を に て た で です ます と も か な から ない した して ある この これ こんにちは "
    "ありがとう",
    "ko": "이 그 는 은 을 를 에 의 가 다 나는 있다 한 하다 것 안녕하세요 감사합니다 입니다 습니다",
    "lt": "ir yra ne aš kad į tai su jis iš ar kaip buvo ką tu bet labas ačiū mano",
    "lv": "un ir es ne ka tas ar uz no kā bet vai viņš man labdien paldies par",
    "nl": "de het een en ik van is dat je niet in te zijn op die wat met hij voor we maar ze er aan "
    "was heeft hebben goedemorgen dank naar",
    "no": "og det er i jeg på ikke til en du som han har de med for at vi av den et hva hun kan var "
    "meg takk hei",
    "pl": "nie się w i na to jest że do z jak a co o ja mi ale po tak czy jestem za dzień dobry dziękuję był",
    "pt": "de que o a e não é um em para uma do da os com eu no se na ele mais você está as por isso "
    "ela muito olá obrigado bom dia",
    "ro": "de și nu a în să la este că cu o un pe ce mai am din eu pentru se bună mulțumesc sunt ei",
    "ru": "и в не на я что он с это как а то по она но мы у из за вы так же от был здравствуйте спасибо",
    "sk": "sa je na že to v a som s do ako ale si by pre tak čo ten nie dobrý deň ďakujem bol",
    "sl": "je in da se na v ne za to sem kaj so z pa ki si bi dober dan hvala tudi",
    "sv": "och att det jag i är en som på inte han för du med har till de den vi av ett var vad hon "
    "kan mig hej tack god morgon",
    "tr": "bir ve bu ne ben için da de o çok var mi değil ama sen evet nasıl merhaba teşekkür ederim iyi",
    "uk": "і в не на я що він з це як а та по вона але ми у із за ви так від був привіт дякую є",
    "vi": "là của và không tôi có một được cho người này anh đã các những bạn với xin chào cảm ơn",
    "zh": "的 了 是 我 不 在 有 他 这 你 一 们 好 吗 人 她 来 到 说 什么 没有 我们 很 去 谢谢",
}
