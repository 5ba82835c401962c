export function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#5560d3" />
      <path d="M8 10h10M8 16h7M8 22h5" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" opacity=".65" />
      <path
        d="M16.5 19.5l4 4L27 13"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
