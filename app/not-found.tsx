import { Shell } from './_components/shell/shell';
import { NotFoundCard } from './_components/ui/not-found-card';

export default function NotFound() {
  return (
    <Shell user={null}>
      <NotFoundCard />
    </Shell>
  );
}
