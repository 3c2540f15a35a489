/** Screens of forty by twelve that real programs seldom make, each with what follows on it. */
const fill = (letter: string, count: number): string => letter.repeat(count);
const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}`).join('\r\n');

export const madeScreens: Record<string, string> = {
  'wide characters': `日本語テスト\r\n${fill('日', 20)}語\r\n${fill('x', 39)}日 over the edge\r\n\x1b[4;39H日\x1b[4;40Hx\x1b[5;40H日`,
  'combining characters': 'e\u0301 o\u0308\u0323 👩‍💻 🇯🇵 \u200b a\u20dd\r\nक्षि नी\r\n\x1b[3;40He\u0301\u0301 wrapped',
  'a full last column': `${fill('x', 40)}\x1b[31my\r\n${fill('z', 40)}\r\x1b[Kq${fill('w', 39)}`,
  'a full last line': `\x1b[12;1H${fill('y', 40)}more`,
  'the alternate screen': `main\r\n${lines(20)}\x1b[31m\x1b[?1049h\x1b[2J\x1b[5;5Hin it\x1b[0m there\x1b[?1049lback in red`,
  'the alternate screen in the old way': `main \x1b7\x1b[?47h\x1b[Halt\x1b[?47l and \x1b8back`,
  'a region in the alternate screen': `${lines(8)}\x1b[2;5r\x1b[?1049h\x1b[3;9r\x1b[9;1H\n\n in\x1b[?1049l\x1b[5;1H\nscrolled\n`,
  'synchronized output': `a\x1b[?2026h\x1b[2J\x1b[Hone\r\ntwo\x1b[?2026l\x1b[?2026hthree\x1b[?2026lfour`,
  'kitty keyboard': 'a\x1b[>1ub\x1b[>5uc\x1b[?1049h\x1b[>3ud\x1b[<ue\x1b[=2u\x1b[?1049lf\x1b[<ug\x1b[<2uh',
  modifyOtherKeys: 'a\x1b[>4;2mb\x1b[>4;1mc\x1b[>4md',
  'mouse modes':
    'a\x1b[?1000h\x1b[?1006hb\x1b[?1002hc\x1b[?1003hd\x1b[?1003le\x1b[?1015h\x1b[?1016h\x1b[?1004hf\x1b[?1004l',
  'modes of keys and pastes': 'a\x1b[?2004h\x1b[?1h\x1b=b\x1b[?1l\x1b>\x1b[4hcc\x1b[1;1Hd\x1b[4le\x1b[?7l'.concat(
    `${fill('f', 60)}\x1b[?7hg\x1b[?25lh`,
  ),
  'scroll regions': `${lines(12)}\x1b[3;8r\x1b[8;1H\n\nin\x1b[3;1H\x1bM\x1bMup\x1b[2L\x1b[?6h\x1b[2;2Horigin\x1b[?6l\x1b[rdone`,
  'insert and delete': `${lines(6)}\x1b[2;3H\x1b[3@abc\x1b[3P\x1b[2M\x1b[L\x1b[4;2H\x1b[5X`,
  'saved cursors': 'a\x1b[3;4H\x1b[1;35m\x1b7\x1b[0m\x1b[9;9Hb\x1b8c\x1b[5;5H\x1b[s\x1b[1;1Hd\x1b[ue',
  'line drawing': 'a\x1b(0lqqk\x1b(Bb\x1b)0\x0eqqx\x0fq\x1b(0\x1b7q\x1b8q\x1b(Bq',
  'backgrounds erased to': `\x1b[44m\x1b[2J\x1b[Hblue\x1b[K\x1b[41m\x1b[3;5H\x1b[1Kred\x1b[0m\x1b[5;1H\x1b[42m\x1b[2L\x1b[0m`,
  'all looks':
    '\x1b[1mb\x1b[2md\x1b[3mi\x1b[4mu\x1b[5mk\x1b[7mr\x1b[8mh\x1b[9ms\x1b[53mo\x1b[0mp\x1b[38;5;9mx\x1b[91my\x1b[48;2;1;2;3mz\x1b[4:3mw\x1b[0m',
  'cursor shapes and a title': 'a\x1b[5 qb\x1b]2;a title\x07c\x1b[0 q\x1b]0;日本\x1b\\d',
  questions: 'a\x1b[cb\x1b[6nc\x1b]11;?\x07d\x1b[?ue\x1bP+q544e\x1b\\f\x1b[>0qg\x1b[14th',
  'strings that are not shown': `a\x1b]8;;https://example.com\x07link\x1b]8;;\x07\x1bP1$r0m\x1b\\b\x1b_Gi=1;AAAA\x1b\\c\x1b^private\x1b\\d\x1b]52;c;aGk=\x07e`,
  'more than the screen': `${lines(60)}\r\nend`,
  tabs: 'a\tb\tc\r\n\x1b[3g\x1b[1;5H\x1bH\x1b[1;11H\x1bH\x1b[3;1Ha\tb\tc\td',
};
