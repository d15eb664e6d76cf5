import annotateEn from '../_messages/en/annotate.json';
import arenaEn from '../_messages/en/arena.json';
import commonEn from '../_messages/en/common.json';
import contactEn from '../_messages/en/contact.json';
import dataEn from '../_messages/en/data.json';
import formEn from '../_messages/en/form.json';
import homeEn from '../_messages/en/home.json';
import labelingEn from '../_messages/en/labeling.json';
import loopsEn from '../_messages/en/loops.json';
import mineEn from '../_messages/en/mine.json';
import modelsEn from '../_messages/en/models.json';
import peopleEn from '../_messages/en/people.json';
import qualityEn from '../_messages/en/quality.json';
import reviewEn from '../_messages/en/review.json';
import runsEn from '../_messages/en/runs.json';
import startEn from '../_messages/en/start.json';
import writingEn from '../_messages/en/writing.json';
import annotateZh from '../_messages/zh-CN/annotate.json';
import arenaZh from '../_messages/zh-CN/arena.json';
import commonZh from '../_messages/zh-CN/common.json';
import contactZh from '../_messages/zh-CN/contact.json';
import dataZh from '../_messages/zh-CN/data.json';
import formZh from '../_messages/zh-CN/form.json';
import homeZh from '../_messages/zh-CN/home.json';
import labelingZh from '../_messages/zh-CN/labeling.json';
import loopsZh from '../_messages/zh-CN/loops.json';
import mineZh from '../_messages/zh-CN/mine.json';
import modelsZh from '../_messages/zh-CN/models.json';
import peopleZh from '../_messages/zh-CN/people.json';
import qualityZh from '../_messages/zh-CN/quality.json';
import reviewZh from '../_messages/zh-CN/review.json';
import runsZh from '../_messages/zh-CN/runs.json';
import startZh from '../_messages/zh-CN/start.json';
import writingZh from '../_messages/zh-CN/writing.json';
import type { Locale } from './locales';

const english = {
  annotate: annotateEn,
  arena: arenaEn,
  common: commonEn,
  contact: contactEn,
  data: dataEn,
  form: formEn,
  home: homeEn,
  labeling: labelingEn,
  loops: loopsEn,
  mine: mineEn,
  models: modelsEn,
  people: peopleEn,
  quality: qualityEn,
  review: reviewEn,
  runs: runsEn,
  start: startEn,
  writing: writingEn,
};

/** One file a namespace and language. English is the shape that every other language must have (test/unit/app/messages.test.ts). */
export type Messages = typeof english;

const chinese: Messages = {
  annotate: annotateZh,
  arena: arenaZh,
  common: commonZh,
  contact: contactZh,
  data: dataZh,
  form: formZh,
  home: homeZh,
  labeling: labelingZh,
  loops: loopsZh,
  mine: mineZh,
  models: modelsZh,
  people: peopleZh,
  quality: qualityZh,
  review: reviewZh,
  runs: runsZh,
  start: startZh,
  writing: writingZh,
};

export const messages: Readonly<Record<Locale, Messages>> = { en: english, 'zh-CN': chinese };
