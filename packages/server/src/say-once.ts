import { type LogFields, type Logger, Problem } from '@coffer/core';

/** What is wrong with one topic, or nothing. */
export interface News {
  fields: LogFields;
  message: string;
}

/**
 * Tells the log of states, not of events: one line when something goes wrong or becomes something else, one when it is over. An
 * error's text is no state: it names ports and times that change with every try.
 */
export type SayOnce = (topic: string, news: News | undefined) => void;

export function createSayOnce(log: Logger): SayOnce {
  const said = new Map<string, string>();
  return (topic, news) => {
    const before = said.get(topic);
    if (!news) {
      said.delete(topic);
      if (before !== undefined) log.info({}, `over: ${topic}`);
      return;
    }
    const { err, ...facts } = news.fields;
    const text = JSON.stringify([news.message, facts, err instanceof Problem ? err.code : '']);
    said.set(topic, text);
    if (text !== before) log.warn(news.fields, news.message);
  };
}
