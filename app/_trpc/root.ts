import { router } from './init';
import { chatRouter } from './routers/chat';
import { dataRouter } from './routers/data';
import { formsRouter } from './routers/forms';
import { labelingRouter } from './routers/labeling';
import { loopsRouter } from './routers/loops';
import { messagesRouter } from './routers/messages';
import { modelsRouter } from './routers/models';
import { ownWorkRouter } from './routers/own-work';
import { peopleRouter } from './routers/people';
import { projectsRouter } from './routers/projects';
import { qualityRouter } from './routers/quality';
import { reviewRouter } from './routers/review';
import { runsRouter } from './routers/runs';

export const appRouter = router({
  chat: chatRouter,
  data: dataRouter,
  forms: formsRouter,
  labeling: labelingRouter,
  loops: loopsRouter,
  messages: messagesRouter,
  models: modelsRouter,
  ownWork: ownWorkRouter,
  people: peopleRouter,
  projects: projectsRouter,
  review: reviewRouter,
  quality: qualityRouter,
  runs: runsRouter,
});

export type AppRouter = typeof appRouter;
