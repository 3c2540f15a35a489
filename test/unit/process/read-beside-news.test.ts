import { describe, expect, it } from 'vitest';
import { ReadBesideNews } from '../../../src/process/read-beside-news.ts';

describe('lists that are read beside news', () => {
  it('news that came while a list was on its way is not taken back by it', async () => {
    const reads = new ReadBesideNews();
    let all: string[] = [];
    const answers: ((list: string[]) => void)[] = [];
    const read = (): Promise<void> =>
      reads.read(
        () => new Promise<string[]>((answer) => answers.push(answer)),
        (list) => {
          all = [...list];
        },
      );
    const news = (one: string): void => reads.news(() => all.push(one));

    news('before');
    const [first, second] = [read(), read()];
    news('meanwhile');
    answers[1]!(['old']);
    await second;
    expect(all).toEqual(['old', 'meanwhile']);
    news('later');
    answers[0]!(['older']);
    await first;
    expect(all).toEqual(['older', 'meanwhile', 'later']);

    // and nothing is kept for the next
    const third = read();
    answers[2]!(['new']);
    await third;
    expect(all).toEqual(['new']);
  });
});
