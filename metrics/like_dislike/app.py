"""The Space's page: paste scores and labels, read the metrics."""

from pathlib import Path

import evaluate
import gradio as gr

METRIC = evaluate.load(str(Path(__file__).parent / "like_dislike.py"))


def compute(predictions: str, references: str, threshold: float) -> dict:
    try:
        scores = [float(number) for number in predictions.split()]
        labels = [int(number) for number in references.split()]
        return METRIC.compute(predictions=scores, references=labels, threshold=threshold)
    except ValueError as error:
        raise gr.Error(str(error)) from error


page = gr.Interface(
    compute,
    [
        gr.Textbox("0.9 0.4 0.7 0.2", label="Predictions, separated by spaces"),
        gr.Textbox("1 0 1 0", label="References: 1 for a like, 0 for a dislike"),
        gr.Number(0.5, label="Threshold"),
    ],
    gr.JSON(label="Metrics"),
    title="like_dislike",
    description=METRIC.description,
)

if __name__ == "__main__":
    page.launch()
