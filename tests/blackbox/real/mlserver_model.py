"""A model of MLServer's: two outputs, of which one are the posteriors. Run by MLServer."""

import numpy as np
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput

from tests.blackbox.real.served import posteriors


class Model(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        (given,) = payload.inputs
        if given.name != "pixels" or given.shape[1:] != [16]:
            raise ValueError(f"takes pixels [any, 16], not {given.name} {given.shape}")
        samples = np.asarray(given.data, np.float64).reshape(given.shape)
        found = posteriors(samples, int(self.version))
        labels = found.argmax(1)
        outputs = [
            ResponseOutput(
                name="label", datatype="INT64", shape=[len(labels)], data=labels.tolist()
            ),
            ResponseOutput(
                name="chances",
                datatype="FP64",
                shape=list(found.shape),
                data=found.ravel().tolist(),
            ),
        ]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
