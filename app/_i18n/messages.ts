import annotateEn from '../_messages/en/annotate.json';
import commonEn from '../_messages/en/common.json';
import dataEn from '../_messages/en/data.json';
import homeEn from '../_messages/en/home.json';
import loopsEn from '../_messages/en/loops.json';
import modelsEn from '../_messages/en/models.json';
import peopleEn from '../_messages/en/people.json';
import runsEn from '../_messages/en/runs.json';
import startEn from '../_messages/en/start.json';
import annotateZh from '../_messages/zh-CN/annotate.json';
import commonZh from '../_messages/zh-CN/common.json';
import dataZh from '../_messages/zh-CN/data.json';
import homeZh from '../_messages/zh-CN/home.json';
import loopsZh from '../_messages/zh-CN/loops.json';
import modelsZh from '../_messages/zh-CN/models.json';
import peopleZh from '../_messages/zh-CN/people.json';
import runsZh from '../_messages/zh-CN/runs.json';
import startZh from '../_messages/zh-CN/start.json';
import type { Locale } from './locales';

const english = {
  annotate: annotateEn,
  common: commonEn,
  data: dataEn,
  home: homeEn,
  loops: loopsEn,
  models: modelsEn,
  people: peopleEn,
  runs: runsEn,
  start: startEn,
};

/** One file a namespace and language. English is the shape that every other language must have (test/unit/app/messages.test.ts). */
export type Messages = typeof english;

const chinese: Messages = {
  annotate: annotateZh,
  common: commonZh,
  data: dataZh,
  home: homeZh,
  loops: loopsZh,
  models: modelsZh,
  people: peopleZh,
  runs: runsZh,
  start: startZh,
};

export const messages: Readonly<Record<Locale, Messages>> = { en: english, 'zh-CN': chinese };
