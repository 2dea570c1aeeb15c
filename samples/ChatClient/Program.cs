using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Extensions.AI;
using Microsoft.Extensions.AI;

using var backend = new CpuBackend();
await using var engine = LlmEngine.Load(args.Length > 0 ? args[0] : "models/demo/folio-demo.Q8_0.gguf", backend);
using IChatClient client = new FolioChatClient(engine).AsBuilder().UseFunctionInvocation().Build();

// Text, as it is written.
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Tell me a story about a dog.", new() { Temperature = 0.7f, MaxOutputTokens = 40, Seed = 1 })) Console.Write(update.Text);
Console.WriteLine();

// A function that the model must call: it picks the size, the client runs the function and sends back what it returns.
AIFunction weigh = AIFunctionFactory.Create((Size size) => size == Size.Small ? "4 kg" : "40 kg", "weigh", "How much a dog of a size weighs.");
ChatResponse told = await client.GetResponseAsync("How much does a small dog weigh?", new() { Tools = [weigh], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false, Temperature = 0, MaxOutputTokens = 200 });
foreach (FunctionResultContent result in told.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>()) Console.WriteLine($"weigh: {result.Result}");

// An object: the answer obeys the type's JSON schema.
ChatResponse<Verdict> verdict = await client.GetResponseAsync<Verdict>("Is a dog an animal?", new ChatOptions { Temperature = 0 });
Console.WriteLine($"{verdict.Result}, {verdict.Usage!.OutputTokenCount} tokens");

internal enum Size
{
    Small,
    Large,
}

internal sealed record Verdict(bool IsAnimal, Size Size);
