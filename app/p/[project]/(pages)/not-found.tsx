import { NotFoundCard } from '../../../_components/ui/not-found-card';

/** Inside the project's shell: the bar stays. */
export default function NotFound() {
  return <NotFoundCard />;
}
