/* Which tensors a model has and where they lie: from the rules to padded arrays. */
#include "parameters.h"

static int applies(const model_rule *rule, const Config *c, int from_stream) {
  switch (rule->when) {
    case MODEL_WHEN_STREAM: return from_stream;
    case MODEL_WHEN_UNTIED: return !c->tied;
    case MODEL_WHEN_CACHE: return c->cache > 0;
    default: return 1;
  }
}

static int add_tensor(Parameters *p, const Config *c, const model_rule *rule, const Sizes *sizes) {
  const int weight = rule->role == MODEL_ROLE_LOOKUP || rule->role == MODEL_ROLE_PRODUCT;
  const int table = rule->rows_of == MODEL_OF_ROWS; /* of so many rows that padding would tell */
  const int rows = sizes->of[rule->rows_of], cols = sizes->of[rule->cols_of];
  Tensor *tensor = &p->tensor[p->tensors];
  tensor->groups = rule->times;
  tensor->group_rows = rows;
  tensor->group_stride = table ? rows : PADDED(rows);
  tensor->cols = cols;
  tensor->stride = table || rule->cols_of == MODEL_OF_ONE ? cols : PADDED(cols);
  tensor->role = rule->role;
  tensor->trits = weight ? c->trits[rule->group] : 0;
  tensor->table = table;
  return p->tensors++;
}

Part add_part(Parameters *p, const Config *c, int first, int count, const Sizes *sizes, int from_stream) {
  Part part = {.first_rule = first};
  for (int i = 0; i < MAX_RULES; i++) {
    const int there = i < count && applies(&model_rules[first + i], c, from_stream);
    part.tensor[i] = there ? add_tensor(p, c, &model_rules[first + i], sizes) : -1;
  }
  return part;
}

void lay_out_parameters(Parameters *p, Arena *arena) {
  p->floats = p->rows = 0;
  for (int i = 0; i < p->tensors; i++) {
    Tensor *tensor = &p->tensor[i];
    if (tensor->table) continue;
    tensor->offset = p->floats;
    tensor->row_offset = p->rows;
    p->floats += tensor->groups * tensor->group_stride * tensor->stride;
    p->rows += tensor->groups * tensor->group_stride;
  }
  p->all_floats = p->floats;
  for (int i = 0; i < p->tensors; i++) {
    Tensor *tensor = &p->tensor[i];
    if (!tensor->table) continue;
    tensor->offset = p->all_floats;
    p->all_floats += tensor->group_rows * tensor->stride;
  }
  p->weight = take_floats(arena, (uint64_t)p->all_floats);
  p->moment1 = take_floats(arena, (uint64_t)p->all_floats);
  p->moment2 = take_floats(arena, (uint64_t)p->all_floats);
  p->grad = take_floats(arena, (uint64_t)p->floats);
  p->effective = take_floats(arena, (uint64_t)p->floats);
  p->scale_moment1 = take_floats(arena, (uint64_t)p->rows);
  p->scale_moment2 = take_floats(arena, (uint64_t)p->rows);
  p->row_mean = take_floats(arena, (uint64_t)p->rows);
  p->row_scale = take_floats(arena, (uint64_t)p->rows);
}
