export default function Page() {
  return <main>Millitask</main>;
}
