using Folio.Compute.Cpu;
using Folio.Engine;

using var backend = new CpuBackend();
await using var engine = LlmEngine.Load("models/demo/folio-demo.Q8_0.gguf", backend);

var request = new GenerationRequest
{
    Prompt = engine.Model.Encode("Once upon a time"),
    Sampling = new SamplingParams { Temperature = 0.7f, MaxTokens = 64 },
};
await foreach (GenerationOutput output in engine.Submit(request)) Console.Write(output.Text);
