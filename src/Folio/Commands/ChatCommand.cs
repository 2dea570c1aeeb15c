using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Folio.Engine;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Commands;

/// <summary>folio chat: a conversation in the terminal, streamed. Ctrl+C stops an answer, a second one or /exit leaves.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var system = new Option<string?>("--system") { Description = "A system prompt." };
        var command = new Command("chat", "Talks with a model in the terminal.") { system };
        var engineArguments = new EngineArguments(command, positional: true);
        var prefixCache = new PrefixCacheArguments(command);
        var sampling = new SamplingArguments(command);
        command.SetAction(async (parsed, _) =>
        {
            EngineOptions options = prefixCache.Apply(parsed, engineArguments.Options(parsed)) with { SwapSpace = 0 }; // one sequence alone is never preempted
            await using LoadedModel loaded = LoadedModel.Load(engineArguments, parsed, options, quiet: false);
            ModelInfo model = loaded.Engine.Model;
            (ChatTemplate template, Tokenizer tokenizer) = ChatPartsOf(model);
            var conversation = new Conversation(loaded.Engine, template, tokenizer, sampling.Params(parsed, model.Defaults), parsed.GetValue(system));
            Console.Error.WriteLine($"{model.Name} listens. /reset begins anew, /exit leaves, Ctrl+C stops an answer.");
            await conversation.RunAsync();
            loaded.Done();
            return 0;
        });
        return command;
    }

    private static (ChatTemplate, Tokenizer) ChatPartsOf(ModelInfo model)
    {
        if (model.ChatTemplateError is { } error) throw new FolioException($"{model.Path}: its chat template can't be used ({error}); the model can continue texts (folio generate), not chat.");
        return model is { ChatTemplate: { } template, Tokenizer: { } tokenizer } ? (template, tokenizer)
            : throw new FolioException($"{model.Path} has no chat template or no tokenizer: it can continue texts (folio generate), not chat.");
    }

    private sealed class Conversation(LlmEngine engine, ChatTemplate template, Tokenizer tokenizer, SamplingParams sampling, string? system)
    {
        private readonly List<(string Role, string Content)> _messages = Begin(system);

        /// <summary>Ends the answer that is being written; null between answers. Not disposed: the signal's thread may still hold it.</summary>
        private Action? _stopAnswer;

        public async Task RunAsync()
        {
            Console.CancelKeyPress += (_, pressed) =>
            {
                if (Interlocked.Exchange(ref _stopAnswer, null) is not { } stop) return;
                pressed.Cancel = true;
                stop();
            };
            while (true)
            {
                Console.Error.Write("\n> ");
                string? line = Console.In.ReadLine();
                switch (line?.Trim())
                {
                    case null or "/exit": return;
                    case "": break;
                    case "/reset":
                        _messages.Clear();
                        _messages.AddRange(Begin(system));
                        break;
                    default:
                        await ReplyAsync(line);
                        break;
                }
            }
        }

        private async Task ReplyAsync(string line)
        {
            _messages.Add(("user", line));
            try
            {
                _messages.Add(("assistant", await AnswerAsync()));
            }
            catch (FolioException e)
            {
                _messages.RemoveAt(_messages.Count - 1);
                Console.Error.WriteLine($"folio: {e.Message} (/reset begins anew)");
            }
        }

        private async Task<string> AnswerAsync()
        {
            var stop = new CancellationTokenSource();
            _stopAnswer = stop.Cancel;
            var answer = new StringBuilder();
            try
            {
                await foreach (GenerationOutput output in engine.Submit(new() { Prompt = Encode(), Sampling = sampling }, stop.Token))
                {
                    answer.Append(output.Text);
                    Console.Out.Write(output.Text);
                    if (output.FinishReason == FinishReason.Abort) Console.Error.Write(" [stopped]");
                    Console.Out.Flush();
                }
            }
            finally
            {
                _stopAnswer = null;
            }

            Console.Out.WriteLine();
            return answer.ToString();
        }

        private int[] Encode()
        {
            using JsonDocument messages = WriteMessages();
            RenderedPrompt rendered = template.Render(new() { Messages = messages.RootElement, BosToken = engine.Model.BosToken, EosToken = engine.Model.EosToken });
            return tokenizer.Encode(rendered.Text, rendered.InputSpans);
        }

        private JsonDocument WriteMessages()
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartArray();
                foreach ((string role, string content) in _messages)
                {
                    json.WriteStartObject();
                    json.WriteString("role", role);
                    json.WriteString("content", content);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            return JsonDocument.Parse(buffer.WrittenMemory);
        }

        private static List<(string, string)> Begin(string? system) => system is null ? [] : [("system", system)];
    }
}
