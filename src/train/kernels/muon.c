/*
 * Muon (Keller Jordan 2024, https://kellerjordan.github.io/posts/muon): the step of a matrix is its momentum made orthogonal, so that
 * all its directions move alike, not only the few that most gradients share. For ternary matrices of products, each gate its own; all
 * else is Adam's, and so is the scale of each row (optimizer.c).
 *
 * A matrix is made nearly orthogonal by steps of a Newton–Schulz iteration with Jordan's polynomial of degree 5, which need not
 * converge: X ← X·(a + b·G + c·G²) with G = Xᵀ·X, from the momentum through its Frobenius norm on. X stands upright (no wider than
 * high), so that G is the smaller of the two that there are. Tasks are blocks of rows, and no sum depends on who takes which.
 */
#include "phases.h"

#define TASK_ROWS 32 /* a multiple of NR */
_Static_assert(TASK_ROWS % NR == 0, "a block of rows is whole panels");

/* Singular values from 0.02 on come to 0.7 … 1.2, smaller ones to 41 times what they are. Two more steps gain little for their time. */
#define STEPS 3
#define JORDAN_A 3.4445f
#define JORDAN_B -4.7750f
#define JORDAN_C 2.0315f

/* Whether the pattern of a tensor moves by Muon. */
int moves_by_muon(const Trainer *t, int tensor) {
  return t->c.muon && t->c.ternary && t->p.tensor[tensor].role == MODEL_ROLE_PRODUCT;
}

void lay_out_muon(Trainer *t, Arena *arena) {
  Muon *muon = &t->muon;
  muon->matrices = 0;
  for (int tensor = 0; tensor < t->p.tensors; tensor++) {
    if (!moves_by_muon(t, tensor)) continue;
    const Tensor *info = &t->p.tensor[tensor];
    const int rows = info->group_stride, cols = info->stride;
    for (int group = 0; group < info->groups; group++) {
      MuonMatrix *m = &muon->matrix[muon->matrices++];
      m->offset = info->offset + group * rows * cols;
      m->flipped = rows < cols;
      m->rows = m->flipped ? cols : rows;
      m->cols = m->flipped ? rows : cols;
      /* by the sizes without padding: an orthogonal matrix has a root mean square of 1/√(the longer side) */
      m->scale =
          t->c.muon_step * __builtin_sqrtf((float)(info->group_rows > info->cols ? info->group_rows : info->cols));
      m->x = take_floats(arena, (uint64_t)m->rows * m->cols);
      m->next = take_floats(arena, (uint64_t)m->rows * m->cols);
      m->gram = take_floats(arena, (uint64_t)m->cols * m->cols);
      m->factor = take_floats(arena, (uint64_t)m->cols * m->cols);
    }
  }
  muon->direction = take_floats(arena, muon->matrices > 0 ? (uint64_t)t->p.floats : 0);
}

/* Aᵀ (cols, rows) of A (rows, cols), times a factor. */
static void flip(int rows, int cols, const float *a, float factor, float *to) {
  for (int j = 0; j < cols; j++)
    for (int i = 0; i < rows; i++) to[(size_t)j * rows + i] = a[(size_t)i * cols + j] * factor;
}

/* Nesterov's momentum of a matrix, and X of it. */
static void begin(Trainer *t, const MuonMatrix *m, float clip) {
  const float keep = t->c.muon_momentum;
  const int size = m->rows * m->cols;
  const float *grad = t->p.grad + m->offset;
  float *moment = t->p.moment1 + m->offset, *x = m->flipped ? m->next : m->x;
  vf sum = splat(0.0f);
  for (int i = 0; i < size; i += VW) {
    const vf g = (1.0f - keep) * (load(grad + i) * clip), mean = keep * load(moment + i) + g, ahead = keep * mean + g;
    store(moment + i, mean);
    store(x + i, ahead);
    sum = fma_(ahead, ahead, sum);
  }
  const float norm = __builtin_sqrtf(hsum(sum)), factor = norm > 0 ? 1.0f / norm : 0.0f;
  if (m->flipped) flip(m->cols, m->rows, x, factor, m->x);
  else
    for (int i = 0; i < size; i += VW) store(x + i, load(x + i) * factor);
}

/* The step of a matrix lies where its gradient does in the parameters. */
static void end(Trainer *t, const MuonMatrix *m, const float *x) {
  float *to = t->muon.direction + m->offset;
  if (m->flipped) flip(m->rows, m->cols, x, m->scale, to);
  else
    for (int i = 0; i < m->rows * m->cols; i += VW) store(to + i, load(x + i) * m->scale);
}

/* Rows `first` … of G, from the diagonal on; what lies below it is the same, turned. */
static void gram_rows(const MuonMatrix *m, const float *x, int first, int count) {
  const int n = m->cols, right = n - first;
  float *to = m->gram + (size_t)first * n + first;
  gemm_transposed(count, right, m->rows, x + first, n, x + first, n, to, n, 0);
  for (int i = 0; i < count; i++)
    for (int j = count; j < right; j++) m->gram[(size_t)(first + j) * n + first + i] = to[(size_t)i * n + j];
}

/* The same of a + b·G + c·G²: G is its own transpose. */
static void factor_rows(const MuonMatrix *m, int first, int count) {
  const int n = m->cols, right = n - first;
  const size_t diagonal = (size_t)first * n + first;
  float *to = m->factor + diagonal;
  gemm_transposed(count, right, n, m->gram + first, n, m->gram + first, n, to, n, 0);
  for (int i = 0; i < count; i++) {
    float *row = to + (size_t)i * n;
    const float *gram = m->gram + diagonal + (size_t)i * n;
    for (int j = 0; j < right; j += VW) store(row + j, JORDAN_B * load(gram + j) + JORDAN_C * load(row + j));
    row[i] += JORDAN_A;
    for (int j = count; j < right; j++) m->factor[(size_t)(first + j) * n + first + i] = row[j];
  }
}

enum { BEGIN, GRAM, FACTOR, PRODUCT, END };

int muon_phases(const Trainer *t) { return t->muon.matrices > 0 ? 3 * STEPS + 2 : 0; }

void phase_muon(Trainer *t, int phase) {
  const int last = muon_phases(t) - 1, part = phase == 0 ? BEGIN : phase == last ? END : GRAM + (phase - 1) % 3;
  const int done = part == END ? STEPS : (phase - 1) / 3; /* steps of the iteration */
  const float norm = gradient_norm(t), clip = norm > t->c.clip ? t->c.clip / norm : 1.0f;
  int task = take_task(t), seen = 0;
  for (int i = 0; i < t->muon.matrices; i++) {
    const MuonMatrix *m = &t->muon.matrix[i];
    const float *x = part != BEGIN && done % 2 ? m->next : m->x;
    float *next = done % 2 ? m->x : m->next;
    const int rows = part == PRODUCT ? m->rows : m->cols, whole = part == BEGIN || part == END;
    const int tasks = whole ? 1 : ROUND_UP(rows, TASK_ROWS) / TASK_ROWS;
    for (; task < seen + tasks; task = take_task(t)) {
      const int first = (task - seen) * TASK_ROWS, count = rows - first < TASK_ROWS ? rows - first : TASK_ROWS;
      switch (part) {
        case BEGIN: begin(t, m, clip); break;
        case GRAM: gram_rows(m, x, first, count); break;
        case FACTOR: factor_rows(m, first, count); break;
        case PRODUCT:
          gemm_unpacked(count, m->cols, m->cols, x + (size_t)first * m->cols, m->cols, m->factor, m->cols,
                        next + (size_t)first * m->cols, m->cols);
          break;
        case END: end(t, m, x); break;
      }
    }
    seen += tasks;
  }
}
