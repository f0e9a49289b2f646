/** The notebook of the pictures, as it looks after it ran. It is shown, never run. */
export const PENGUINS_NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' } },
  cells: [
    {
      cell_type: 'markdown',
      id: 'title',
      metadata: {},
      source: '# Fill missing `sex`, drop penguins without measurements'
    },
    code(
      'c1',
      1,
      'import argon, mlflow\n%load_ext argon\n%argon checkout clean-nulls\ndb = argon.db()',
      'penguins/clean-nulls@949 writable, at its fork from main@949'
    ),
    code(
      'c2',
      2,
      'df = argon.read("clean-nulls", "penguins").to_pandas()\ndf.isna().sum().to_frame("missing").T',
      '         species  island  bill_length_mm  bill_depth_mm  sex\nmissing        0       0               2              2   11'
    ),
    code(
      'c3',
      3,
      'for _id, fill in impute_sex(df, k=5):\n    db.penguins.update_one({"_id": _id}, {"$set": fill, "$push": {"tags": "sex-imputed"}})'
    ),
    code(
      'c4',
      4,
      'db.penguins.delete_many({"bill_length_mm": None})\ndb.sources.insert_one({"_id": "clean-nulls", "rule": "no sex: impute, no measurements: drop"})',
      "InsertOneResult('clean-nulls', acknowledged=True)"
    ),
    code(
      'c5',
      5,
      'with mlflow.start_run(run_name="rf-clean"):\n    model, accuracy = train(argon.read("clean-nulls", "penguins").to_pandas())\n    mlflow.log_metric("accuracy", accuracy)\nprint(f"accuracy {accuracy:.3f}")',
      'accuracy 0.982'
    )
  ]
};

function code(id: string, number: number, source: string, result?: string): object {
  const outputs =
    result === undefined
      ? []
      : [
          {
            output_type: 'execute_result',
            execution_count: number,
            metadata: {},
            data: { 'text/plain': result }
          }
        ];
  return { cell_type: 'code', id, metadata: {}, execution_count: number, source, outputs };
}
