using System.CommandLine;
using System.Diagnostics;
using Folio.Engine;

namespace Folio.Commands;

/// <summary>folio generate PROMPT: continues a text and prints what comes, as it comes; figures go to stderr.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var prompt = new Argument<string?>("PROMPT") { Description = "The text to continue; standard input if absent.", Arity = ArgumentArity.ZeroOrOne };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Prints the answer alone." };
        var command = new Command("generate", "Continues a text.") { prompt, quiet };
        var engineArguments = new EngineArguments(command, positional: false);
        var prefixCache = new PrefixCacheArguments(command);
        var sampling = new SamplingArguments(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            bool silent = parsed.GetValue(quiet);
            EngineOptions options = prefixCache.Apply(parsed, engineArguments.Options(parsed)) with { SwapSpace = 0 }; // one sequence alone is never preempted
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, options, silent);
            string text = parsed.GetValue(prompt) ?? await Console.In.ReadToEndAsync(cancellation);
            ModelInfo model = loaded.Engine.Model;
            await PrintAsync(loaded.Engine, model.Encode(text), sampling.Params(parsed, model.Defaults), silent, cancellation);
            return 0;
        });
        return command;
    }

    private static async Task PrintAsync(LlmEngine engine, int[] prompt, SamplingParams sampling, bool silent, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan firstToken = default;
        await using GenerationStream stream = engine.Submit(new() { Prompt = prompt, Sampling = sampling }, cancellation);
        await foreach (GenerationOutput output in stream)
        {
            if (firstToken == default) firstToken = clock.Elapsed;
            Console.Out.Write(output.Text);
            Console.Out.Flush();
        }

        Console.Out.WriteLine();
        if (silent) return;
        double decode = (clock.Elapsed - firstToken).TotalSeconds;
        Console.Error.WriteLine($"\nprompt: {stream.PromptTokens} tokens, {stream.PromptTokens / firstToken.TotalSeconds:0} tok/s; "
            + $"answer: {stream.CompletionTokens} tokens, {(stream.CompletionTokens - 1) / decode:0.0} tok/s; first token after {firstToken.TotalMilliseconds:0} ms");
    }
}
