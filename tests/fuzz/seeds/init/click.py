import click
@click.command()
@click.option("--learning-rate", default=0.1, type=float)
@click.option("--depth", default=3)
def main(learning_rate, depth):
    print('@tune {"step": 1, "loss": 0.5}')
    print("step {} loss {:.3f}".format(step, loss))
